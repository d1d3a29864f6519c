// What a run's metrics are asked for, and the pages in which the answer comes.
#include "base/reasons.h"
#include "gmock/gmock.h"
#include "tests/server/store/store_fixture.h"

namespace fp4::store::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::Field;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class MetricsPagesTest : public StoreTest {
 protected:
  MetricsPagesTest() : held_(StartOneRun()) {}

  // Steps 1 to `num_steps` of both metrics.
  void ReportCurves(int64_t num_steps) {
    std::vector<spec::Event> events;
    for (int64_t step = 1; step <= num_steps; ++step) {
      spec::Event event = MetricsAt(step, step, 1.0 / static_cast<double>(step));
      std::get<spec::MetricsEvent>(event.kind).values.emplace_back("train/lr", 0.5);
      events.push_back(event);
    }
    ASSERT_TRUE(Report(held_, events).ok());
  }

  MetricsQuery Asking(std::vector<std::string> names, int64_t page_size = 0) {
    return {.run_id = held_.run_id,
            .names = std::move(names),
            .page_size = page_size,
            .page_token = ""};
  }

  absl::StatusOr<MetricsPage> Page(const MetricsQuery& query) {
    return Read([&](Reader& reader) { return reader.QueryMetrics(query); });
  }

  // "train/loss:1-3(7)": the steps of each series of each page, and how many points it has.
  std::vector<std::string> AllPages(MetricsQuery query) {
    std::vector<std::string> pages;
    do {
      const auto page = Page(query);
      EXPECT_TRUE(page.ok()) << page.status();
      std::string text;
      for (const SeriesRecord& series : page->series) {
        text += (text.empty() ? "" : " ") + series.name + ":" +
                std::to_string(series.points.front().step) + "-" +
                std::to_string(series.points.back().step) + "(" +
                std::to_string(series.num_points) + ")";
      }
      pages.push_back(text);
      query.page_token = page->next_token;
    } while (!query.page_token.empty());
    return pages;
  }

  const Held held_;
};

TEST_F(MetricsPagesTest, SeriesAreFoundByNameAndStep) {
  ReportCurves(3);
  MetricsQuery query = Asking({"train/loss", "no/such"});
  query.from_step = query.to_step = 2;
  const auto some = Page(query);
  ASSERT_THAT(some->series, SizeIs(1));
  EXPECT_THAT(some->series[0].points, ElementsAre(Field(&Point::value, 0.5)));
  EXPECT_THAT(Page(Asking({}))->series, ElementsAre(Field(&SeriesRecord::name, "train/loss"),
                                                    Field(&SeriesRecord::name, "train/lr")));
}

TEST_F(MetricsPagesTest, EveryPointComesOnceHoweverSmallThePages) {
  ReportCurves(7);
  const std::vector<std::string> both = {"train/lr", "train/loss"};
  EXPECT_THAT(AllPages(Asking(both)), ElementsAre("train/lr:1-7(7) train/loss:1-7(7)"));
  EXPECT_THAT(
      AllPages(Asking(both, 5)),
      ElementsAre("train/lr:1-5(7)", "train/lr:6-7(7) train/loss:1-3(7)", "train/loss:4-7(7)"));
  EXPECT_THAT(AllPages(Asking(both, 7)), ElementsAre("train/lr:1-7(7)", "train/loss:1-7(7)"));
  EXPECT_THAT(AllPages(Asking(both, 14)), ElementsAre("train/lr:1-7(7) train/loss:1-7(7)"));
  EXPECT_THAT(AllPages(Asking({"train/loss"}, 1)), SizeIs(7));
}

TEST_F(MetricsPagesTest, AReducedCurveHasPagesToo) {
  ReportCurves(100);
  MetricsQuery query = Asking({"train/loss"});
  query.max_points = 10;
  const auto whole = Page(query);
  ASSERT_TRUE(whole->next_token.empty());
  query.page_size = 4;
  std::vector<int64_t> steps;
  do {
    const auto page = Page(query);
    EXPECT_EQ(page->series.at(0).num_points, 100);
    for (const Point& point : page->series.at(0).points) steps.push_back(point.step);
    query.page_token = page->next_token;
  } while (!query.page_token.empty());
  std::vector<int64_t> expected;
  for (const Point& point : whole->series.at(0).points) expected.push_back(point.step);
  EXPECT_EQ(steps, expected);
}

TEST_F(MetricsPagesTest, AnotherQuerysTokenIsRefused) {
  ReportCurves(7);
  MetricsQuery query = Asking({"train/loss", "train/lr"}, 3);
  const std::string token = Page(query)->next_token;
  MetricsQuery others[] = {query, query, query, query};
  others[0].names = {"train/lr", "train/loss"};
  others[1].from_step = 2;
  others[2].max_points = 5;
  others[3].page_token = "bm9uc2Vuc2U";
  for (MetricsQuery& other : others) {
    if (other.page_token.empty()) other.page_token = token;
    const absl::Status status = Page(other).status();
    EXPECT_TRUE(absl::IsInvalidArgument(status)) << status;
    EXPECT_EQ(ReasonOf(status), reason::kInvalidArgument);
    EXPECT_THAT(std::string(status.message()), HasSubstr("page_token"));
  }
  query.page_token = token;
  query.page_size = 1;
  EXPECT_TRUE(Page(query).ok());
}

TEST_F(MetricsPagesTest, ANameThatIsNotThereIsToldWithThoseThatAre) {
  ReportCurves(1);
  const auto page = Page(Asking({"train/los", "train/lr"}));
  EXPECT_THAT(page->unknown_names, ElementsAre("train/los"));
  EXPECT_THAT(page->known_names, ElementsAre("train/loss", "train/lr"));
  EXPECT_THAT(page->series, SizeIs(1));
  const auto good = Page(Asking({"train/lr"}));
  EXPECT_THAT(good->unknown_names, IsEmpty());
  EXPECT_THAT(good->known_names, IsEmpty());
}

}  // namespace
}  // namespace fp4::store::testing
