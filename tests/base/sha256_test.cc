#include "base/sha256.h"

#include <gtest/gtest.h>

#include <fstream>

namespace fp4 {
namespace {

// FIPS 180-4 examples.
TEST(Sha256Test, KnownDigests) {
  EXPECT_EQ(Sha256Hex(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(Sha256Hex("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

TEST(Sha256Test, AFileInPiecesGivesTheDigestOfItsContent) {
  std::string content(3 << 20, 'q');
  std::string path = testing::TempDir() + "/sha256_test." + std::to_string(getpid());
  std::ofstream(path, std::ios::binary) << content;
  EXPECT_EQ(*Sha256HexOfFile(path), Sha256Hex(content));
  std::remove(path.c_str());
  EXPECT_FALSE(Sha256HexOfFile(path).ok());
}

}  // namespace
}  // namespace fp4
