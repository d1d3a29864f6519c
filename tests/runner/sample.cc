// A program with every ending that a test can have; runner_test.py chooses among them by
// --gtest_filter.
#include <gtest/gtest.h>

#include <cstdlib>

namespace {

TEST(Sample, Passes) {}

TEST(Sample, Skips) { GTEST_SKIP() << "this machine lacks it"; }

TEST(Sample, Fails) { FAIL() << "as it should"; }

TEST(Sample, DISABLED_IsOff) { FAIL(); }

// A test that ends the program with success takes all later tests with it.
TEST(Sample, ZEndsEarly) { std::exit(0); }

TEST(Sample, ZCrashes) { std::abort(); }

}  // namespace
