// Reader::QueryMetrics: the curves of one run, page by page.
#include <algorithm>
#include <string>

#include "absl/strings/str_cat.h"
#include "base/sha256.h"
#include "base/status_macros.h"
#include "server/core/downsample.h"
#include "server/store/connection.h"
#include "server/store/errors.h"
#include "server/store/lookup.h"
#include "server/store/page_token.h"
#include "server/store/points.h"
#include "server/store/reader.h"

namespace fp4::store {
namespace {

constexpr char kMetricsList[] = "metrics";

// Where a page begins: in this series of the query, after this step.
struct Position {
  size_t series = 0;
  int64_t after_step = -1;
};

// Of all that decides what the pages hold, so that a token does not fit another query.
int64_t Fingerprint(const MetricsQuery& query, int64_t run) {
  std::string text =
      absl::StrCat(run, " ", query.from_step, " ", query.to_step, " ", query.max_points);
  for (const std::string& name : query.names) absl::StrAppend(&text, " ", name.size(), ":", name);
  return static_cast<int64_t>(std::stoull(Sha256Hex(text).substr(0, 15), nullptr, 16));
}

absl::StatusOr<Position> ReadToken(const MetricsQuery& query, int64_t fingerprint) {
  if (query.page_token.empty()) return Position{};
  FP4_ASSIGN_OR_RETURN(const std::vector<int64_t> numbers,
                       ParsePageToken(kMetricsList, query.page_token, 3));
  if (numbers[0] != fingerprint || numbers[1] < 0) {
    return PageTokenError(query.page_token);
  }
  return Position{static_cast<size_t>(numbers[1]), numbers[2]};
}

class PageMaker {
 public:
  PageMaker(Connection& connection, const MetricsQuery& query, int64_t run)
      : connection_(connection),
        query_(query),
        run_(run),
        range_{.from = query.from_step,
               .to = query.to_step == 0 ? std::numeric_limits<int64_t>::max() : query.to_step},
        room_(query.page_size == 0 ? kMaxPagePoints
                                   : std::min<int64_t>(query.page_size, kMaxPagePoints)) {}

  MetricsPage Make(Position position, int64_t fingerprint) {
    MetricsPage page;
    for (; position.series < query_.names.size(); position = {position.series + 1, -1}) {
      const std::string& name = query_.names[position.series];
      SeriesRecord series{.name = name,
                          .points = Points(name, position.after_step),
                          .num_points = CountPoints(connection_, run_, name, range_)};
      const bool cut = static_cast<int64_t>(series.points.size()) > room_;
      if (cut) series.points.resize(room_);
      room_ -= static_cast<int64_t>(series.points.size());
      if (!series.points.empty()) {
        position.after_step = series.points.back().step;
        page.series.push_back(std::move(series));
      }
      if (cut) {
        const auto index = static_cast<int64_t>(position.series);
        page.next_token = MakePageToken(kMetricsList, {fingerprint, index, position.after_step});
        break;
      }
    }
    return page;
  }

 private:
  // Those of the series that come after the step; one more than there is room for, if there are.
  std::vector<Point> Points(const std::string& name, int64_t after_step) {
    if (query_.max_points == 0) {
      const StepRange rest{.from = std::max(range_.from, after_step + 1), .to = range_.to};
      return ReadPoints(connection_, run_, name, rest, room_ + 1);
    }
    std::vector<Point> points = Reduced(ReadPoints(connection_, run_, name, range_));
    std::erase_if(points, [&](const Point& point) { return point.step <= after_step; });
    return points;
  }

  std::vector<Point> Reduced(const std::vector<Point>& points) const {
    std::vector<core::CurvePoint> curve;
    curve.reserve(points.size());
    for (const Point& point : points) curve.push_back({point.step, point.value});
    std::vector<Point> reduced;
    for (size_t index : core::Downsample(curve, static_cast<size_t>(query_.max_points))) {
      reduced.push_back(points[index]);
    }
    return reduced;
  }

  Connection& connection_;
  const MetricsQuery& query_;
  const int64_t run_;
  const StepRange range_;
  int64_t room_;
};

MetricsPage NamesOnly(std::vector<std::string> known) {
  MetricsPage page;
  for (std::string& name : known) page.series.push_back({.name = std::move(name), .points = {}});
  return page;
}

void NoteUnknownNames(const MetricsQuery& query, std::vector<std::string> known,
                      MetricsPage& page) {
  for (const std::string& name : query.names) {
    if (!std::ranges::binary_search(known, name)) page.unknown_names.push_back(name);
  }
  if (!page.unknown_names.empty()) page.known_names = std::move(known);
}

}  // namespace

absl::StatusOr<MetricsPage> Reader::QueryMetrics(const MetricsQuery& query) {
  return WithoutExceptions([&]() -> absl::StatusOr<MetricsPage> {
    Snapshot snapshot(db_);
    FP4_ASSIGN_OR_RETURN(const Key key, FindRun(db_, query.run_id));
    if (query.names.empty()) return NamesOnly(SeriesNames(db_, key.row));
    const int64_t fingerprint = Fingerprint(query, key.row);
    FP4_ASSIGN_OR_RETURN(const Position position, ReadToken(query, fingerprint));
    MetricsPage page = PageMaker(db_, query, key.row).Make(position, fingerprint);
    NoteUnknownNames(query, SeriesNames(db_, key.row), page);
    return page;
  });
}

}  // namespace fp4::store
