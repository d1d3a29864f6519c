#include "base/student_t.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

namespace fp4 {
namespace {

// By mpmath with 30 digits.
TEST(IncompleteBeta, AgreesWithMpmath) {
  const struct {
    double a, b, x, expected;
  } cases[] = {{2, 3, 0.25, 0.26171875},
               {0.5, 0.5, 0.5, 0.5},
               {1, 1, 0.3, 0.3},
               {10, 0.5, 0.9, 0.15164090963470992},
               {50, 0.5, 0.999, 0.75236901996537679},
               {5, 2, 0.999999, 0.99999999998500004}};
  for (const auto& c : cases) {
    EXPECT_NEAR(IncompleteBeta(c.a, c.b, c.x), c.expected, 1e-13 * c.expected) << c.a << " " << c.x;
  }
  EXPECT_EQ(IncompleteBeta(2, 3, 0), 0);
  EXPECT_EQ(IncompleteBeta(2, 3, 1), 1);
}

// By mpmath with 30 digits.
TEST(StudentTwoSidedTail, AgreesWithMpmath) {
  const struct {
    double t;
    int degrees;
    double expected;
  } cases[] = {{0.5, 1, 0.70483276469913345},      {2, 2, 0.18350341907227397},
               {2, 10, 0.073388034770740366},      {1, 5, 0.36321746764912263},
               {5, 4, 0.0074904338812745246},      {10, 3, 0.0021283990584141501},
               {3, 30, 0.0053899640656519466},     {8, 30, 6.2658224757007589e-9},
               {1.96, 1000, 0.050273184955748714}, {40, 2, 0.00062441467218474064},
               {2.5, 100000, 0.012420919192559045}};
  for (const auto& c : cases) {
    const double relative = std::max(1e-12, 1e-15 * c.degrees) * c.expected;
    EXPECT_NEAR(StudentTwoSidedTail(c.t, c.degrees), c.expected, relative) << c.t;
    EXPECT_NEAR(StudentTwoSidedTail(-c.t, c.degrees), c.expected, relative) << c.t;
    EXPECT_NEAR(StudentUpperTail(c.t, c.degrees), c.expected / 2, relative) << c.t;
    EXPECT_NEAR(StudentUpperTail(-c.t, c.degrees), 1 - c.expected / 2, std::max(1e-15, relative))
        << c.t;
  }
  EXPECT_LT(StudentTwoSidedTail(INFINITY, 3), 1e-40);
  EXPECT_EQ(StudentTwoSidedTail(0, 3), 1);
}

// Printed tables: Abramowitz & Stegun 26.10.
TEST(StudentQuantiles, AgreeWithPrintedTables) {
  const struct {
    int degrees;
    double one_sided_95, two_sided_95, two_sided_99;
  } cases[] = {{1, 6.314, 12.706, 63.657}, {2, 2.920, 4.303, 9.925},  {3, 2.353, 3.182, 5.841},
               {4, 2.132, 2.776, 4.604},   {5, 2.015, 2.571, 4.032},  {9, 1.833, 2.262, 3.250},
               {30, 1.697, 2.042, 2.750},  {60, 1.671, 2.000, 2.660}, {120, 1.658, 1.980, 2.617}};
  for (const auto& c : cases) {
    EXPECT_NEAR(StudentOneSided(0.95, c.degrees), c.one_sided_95, 6e-4) << c.degrees;
    EXPECT_NEAR(StudentTwoSided(0.95, c.degrees), c.two_sided_95, 6e-4) << c.degrees;
    EXPECT_NEAR(StudentTwoSided(0.99, c.degrees), c.two_sided_99, 6e-4) << c.degrees;
  }
}

TEST(StudentQuantiles, AreTheInverseOfTheTail) {
  for (int degrees : {1, 2, 3, 7, 50, 9999}) {
    for (double p : {0.01, 0.5, 0.95, 0.999, 0.9999999}) {
      EXPECT_NEAR(StudentTwoSidedTail(StudentTwoSided(p, degrees), degrees), 1 - p, 1e-13)
          << degrees << " " << p;
    }
  }
}

// By numerical integration of the density in Python (Simpson, 20,000 intervals), which shares
// nothing with the sums.
TEST(StudentTwoSided, AgreesWithTheIntegratedDensity) {
  const std::pair<int, double> expected[] = {
      {1, 12.7062047362}, {2, 4.3026527297},  {3, 3.1824463053},   {4, 2.7764451052},
      {5, 2.5705818356},  {9, 2.2621571628},  {10, 2.2281388520},  {29, 2.0452296421},
      {30, 2.0422724563}, {99, 1.9842169516}, {1000, 1.9623390808}};
  for (const auto& [degrees, t] : expected) {
    EXPECT_NEAR(StudentTwoSided(0.95, degrees), t, 1e-8) << degrees;
  }
}

TEST(StudentTwoSided, ClosedFormsOfOneAndTwoDegrees) {
  for (double p : {0.0, 0.1, 0.5, 0.9, 0.99, 0.999}) {
    EXPECT_NEAR(StudentTwoSided(p, 1), std::tan(M_PI / 2 * p),
                1e-9 * std::tan(M_PI / 2 * p) + 1e-12);
    EXPECT_NEAR(StudentTwoSided(p, 2), p * std::sqrt(2 / (1 - p * p)), 1e-9);
  }
}

}  // namespace
}  // namespace fp4
