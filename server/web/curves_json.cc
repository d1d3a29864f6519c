#include "server/web/curves_json.h"

#include <charconv>
#include <cmath>

#include "absl/strings/str_cat.h"
#include "spec/events.h"
#include "wire/json/messages.h"
#include "wire/json/values.h"
#include "wire/tables.h"

namespace fp4::web {
namespace {

v1::Series SeriesOf(const store::CurveRecord& curve) {
  v1::Series series;
  series.set_name(curve.name);
  for (const store::Point& point : curve.points) {
    v1::Point* added = series.add_points();
    added->set_step(point.step);
    added->set_value(point.value);
    added->set_attempt(point.attempt);
  }
  return series;
}

// Eight digits: more than a screen shows, and a third of the bytes.
void AppendShort(double value, std::string& text) {
  if (!std::isfinite(value)) {
    text += "null";
    return;
  }
  char buffer[32];
  const auto end =
      std::to_chars(buffer, buffer + sizeof buffer, value, std::chars_format::general, 8);
  text.append(buffer, end.ptr);
}

void AppendColumn(const std::vector<core::CurveBucket>& buckets, std::string_view name,
                  double core::CurveBucket::*value, std::string& text) {
  absl::StrAppend(&text, ",\"", std::string(name), "\":[");
  for (const core::CurveBucket& bucket : buckets) {
    if (text.back() != '[') text += ',';
    AppendShort(bucket.*value, text);
  }
  text += ']';
}

void AppendSteps(const std::vector<core::CurveBucket>& buckets, std::string& text) {
  text += ",\"steps\":[";
  for (const core::CurveBucket& bucket : buckets) {
    absl::StrAppend(&text, text.back() == '[' ? "" : ",", bucket.step);
  }
  text += ']';
}

void AppendSpecial(const std::vector<core::CurveBucket>& buckets, std::string& text) {
  text += ",\"special\":[";
  for (const core::CurveBucket& bucket : buckets) {
    if (std::isfinite(bucket.mean)) continue;
    absl::StrAppend(&text, text.back() == '[' ? "" : ",", "[", bucket.first, ",",
                    wire::Dump(wire::Number(bucket.mean)), "]");
  }
  text += ']';
}

}  // namespace

std::string CurvesJson(const Curves& curves, PointsOf what) {
  if (what == PointsOf::kOneRun) {
    return wire::PointsJson(curves.empty() ? v1::Series() : SeriesOf(curves.front()));
  }
  std::vector<wire::RunSeries> all;
  for (const store::CurveRecord& curve : curves) {
    wire::RunSeries& one = all.emplace_back();
    one.run.set_id(curve.run_id);
    one.run.set_variant(curve.variant);
    one.run.set_seed(static_cast<int64_t>(curve.seed));
    one.series = SeriesOf(curve);
  }
  return wire::RunSeriesJson(
      all, what == PointsOf::kRuns ? wire::SeriesNamed::kNo : wire::SeriesNamed::kYes);
}

std::string BucketsJson(const std::vector<BucketedCurve>& curves, int64_t width) {
  std::string text = absl::StrCat("{\"width\":", width, ",\"curves\":[");
  for (const BucketedCurve& one : curves) {
    absl::StrAppend(&text, text.back() == '[' ? "" : ",", "{\"run\":", wire::Dump(one.curve.run_id),
                    ",\"variant\":", wire::Dump(one.curve.variant),
                    ",\"seed\":", static_cast<int64_t>(one.curve.seed),
                    ",\"name\":", wire::Dump(one.curve.name));
    AppendSteps(one.buckets, text);
    AppendColumn(one.buckets, "mean", &core::CurveBucket::mean, text);
    if (width > 1) {
      AppendColumn(one.buckets, "low", &core::CurveBucket::low, text);
      AppendColumn(one.buckets, "high", &core::CurveBucket::high, text);
    }
    AppendSpecial(one.buckets, text);
    text += '}';
  }
  return text + "]}";
}

std::string CurvesCsv(const Curves& curves) {
  std::string text = "run,variant,seed,name,step,value\n";
  for (const store::CurveRecord& curve : curves) {
    const std::string front =
        absl::StrCat(curve.run_id, ",", wire::CsvField(curve.variant), ",",
                     static_cast<int64_t>(curve.seed), ",", wire::CsvField(curve.name), ",");
    for (const store::Point& point : curve.points) {
      absl::StrAppend(&text, front, point.step, ",", wire::CsvNumber(point.value), "\n");
    }
  }
  return text;
}

}  // namespace fp4::web
