#include "graph/tensor.h"

#include <gtest/gtest.h>

#include <limits>

#include "base/caught.h"

namespace pact::graph {
namespace {

TEST(Tensor, CountsElements) {
  EXPECT_EQ(element_count({}), 1);
  EXPECT_EQ(element_count({2, 3, 4}), 24);
  EXPECT_EQ(element_count({kBatch, 3, 4}), 12);
  EXPECT_EQ(element_count({2, 0}), 0);
  EXPECT_THROW(element_count({3, kBatch}), Error);
  EXPECT_THROW(element_count({-2}), Error);
  EXPECT_THROW(element_count({int64_t{1} << 32, int64_t{1} << 31}), Error);
}

TEST(Tensor, PrintsShapes) {
  EXPECT_EQ(to_string(Shape{}), "[]");
  EXPECT_EQ(to_string(Shape{kBatch, 16, 32}), "[N,16,32]");
  EXPECT_EQ(to_string(Shape{8, kBatch}), "[8,-1]");
}

TEST(Tensor, NamesOfTypesReadBack) {
  for (const DataType type : {DataType::f32, DataType::f64, DataType::i64, DataType::i32, DataType::i16,
                              DataType::i8, DataType::u8}) {
    EXPECT_EQ(data_type_of(name_of(type)), type);
  }
  EXPECT_EQ(size_bytes(DataType::f64), 8u);
  EXPECT_EQ(size_bytes(DataType::i16), 2u);
  EXPECT_TRUE(contains(caught([] { data_type_of("f33"); }), "did you mean 'f32'?"));
}

TEST(Tensor, HoldsElements) {
  const float values[] = {1.0f, 2.0f, 3.0f, 4.0f, 5.0f, 6.0f};
  Tensor tensor = Tensor::of({2, 3}, values);
  ASSERT_EQ(tensor.as<float>().size(), 6u);
  tensor.as<float>()[4] = -5.0f;
  const Tensor& same = tensor;
  EXPECT_EQ(same.as<float>()[4], -5.0f);
  EXPECT_EQ(tensor.count(), 6);
  EXPECT_NE(tensor, Tensor::of({2, 3}, values));
}

TEST(Tensor, ZerosHaveEveryType) {
  EXPECT_EQ(Tensor::zeros(DataType::u8, {3}).as<uint8_t>()[2], 0);
  EXPECT_EQ(Tensor::zeros(DataType::i64, {}).as<int64_t>()[0], 0);
  EXPECT_EQ(Tensor::zeros(DataType::f64, {0, 5}).as<double>().size(), 0u);
}

TEST(Tensor, RefusesWhatDoesNotFit) {
  const float values[] = {1.0f, 2.0f};
  EXPECT_THROW(Tensor::of({3}, values), Error);
  EXPECT_THROW(Tensor::zeros(DataType::f32, {kBatch, 3}), Error);
  EXPECT_THROW(Tensor::zeros(DataType::f64, {std::numeric_limits<int64_t>::max()}), Error);
  Tensor tensor = Tensor::of({2}, values);
  EXPECT_THROW(tensor.as<int32_t>(), Error);
  tensor.bytes.pop_back();
  EXPECT_THROW(tensor.as<float>(), Error);
}

}  // namespace
}  // namespace pact::graph
