#include "server/rpc/queries.h"

#include <gmock/gmock.h>

#include <cmath>

#include "tests/server/rpc/test_server.h"

namespace fp4::rpc {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::SizeIs;

class QueriesTest : public ::testing::Test {
 protected:
  grpc::Status Query(const v1::QueryMetricsRequest& request) {
    grpc::ClientContext context;
    response_.Clear();
    return server_.experiments().QueryMetrics(&context, request, &response_);
  }
  grpc::Status Compare(const v1::CompareRequest& request) {
    grpc::ClientContext context;
    comparison_.Clear();
    return server_.experiments().Compare(&context, request, &comparison_);
  }

  TestServer server_;
  v1::QueryMetricsResponse response_;
  v1::CompareResponse comparison_;
};

TEST_F(QueriesTest, MetricsComeByStepWithTheLatestAttempt) {
  server_.Submit();
  TestWorker worker(server_.workers(), "w", 1);
  const v1::Assignment run = worker.Take();
  worker.RunToCompletion(run, 30);
  v1::QueryMetricsRequest request;
  request.set_run_id(run.run_id());
  request.add_names("train/loss");
  request.set_from_step(10);
  request.set_to_step(12);
  ASSERT_TRUE(Query(request).ok());
  ASSERT_THAT(response_.series(), SizeIs(1));
  EXPECT_EQ(response_.series(0).num_points(), 3);
  ASSERT_THAT(response_.series(0).points(), SizeIs(3));
  EXPECT_EQ(response_.series(0).points(1).step(), 11);
  EXPECT_DOUBLE_EQ(response_.series(0).points(1).value(), 2 + 1.0 / 11);
  EXPECT_EQ(response_.series(0).points(1).attempt(), 1);
}

TEST_F(QueriesTest, WithoutNamesOnlyTheNamesCome) {
  server_.Submit();
  TestWorker worker(server_.workers(), "w", 1);
  const v1::Assignment run = worker.Take();
  worker.RunToCompletion(run, 3);
  v1::QueryMetricsRequest request;
  request.set_run_id(run.run_id());
  ASSERT_TRUE(Query(request).ok());
  std::vector<std::string> names;
  for (const v1::Series& series : response_.series()) names.push_back(series.name());
  EXPECT_THAT(names, ElementsAre("train/loss", "val/loss"));
}

TEST_F(QueriesTest, ALongCurveIsThinned) {
  server_.Submit();
  TestWorker worker(server_.workers(), "w", 1);
  const v1::Assignment run = worker.Take();
  worker.RunToCompletion(run, 300);
  v1::QueryMetricsRequest request;
  request.set_run_id(run.run_id());
  request.add_names("train/loss");
  request.set_max_points(20);
  ASSERT_TRUE(Query(request).ok());
  EXPECT_EQ(response_.series(0).num_points(), 300);
  EXPECT_LE(response_.series(0).points_size(), 20);
  EXPECT_EQ(response_.series(0).points(0).step(), 1);
  EXPECT_EQ(response_.series(0).points().rbegin()->step(), 300);
}

TEST_F(QueriesTest, NonFiniteValuesArriveAsTheyAre) {
  server_.Submit();
  TestWorker worker(server_.workers(), "w", 1);
  const v1::Assignment run = worker.Take();
  ASSERT_TRUE(
      worker.Report(run, {MetricsAt(1, 1, 1, "a", NAN), MetricsAt(2, 1, 2, "a", -INFINITY)}).ok());
  v1::QueryMetricsRequest request;
  request.set_run_id(run.run_id());
  request.add_names("a");
  ASSERT_TRUE(Query(request).ok());
  EXPECT_TRUE(std::isnan(response_.series(0).points(0).value()));
  EXPECT_EQ(response_.series(0).points(1).value(), -INFINITY);
}

TEST_F(QueriesTest, BadRangesAreNamed) {
  const v1::Experiment experiment = server_.Submit();
  v1::QueryMetricsRequest request;
  request.set_run_id(experiment.runs(0).id());
  request.set_max_points(4);
  EXPECT_THAT(Query(request).error_message(), HasSubstr("max_points: is 4"));
  request.set_max_points(0);
  request.set_from_step(5);
  request.set_to_step(4);
  EXPECT_THAT(Query(request).error_message(), HasSubstr("to_step: is 4"));
}

TEST_F(QueriesTest, CompareNamesTheMetricsThatThereAre) {
  const v1::Experiment experiment = server_.Submit();
  v1::CompareRequest request;
  request.set_experiment_id(experiment.id());
  request.set_metric("val/los");
  EXPECT_TRUE(Compare(request).ok());  // nothing has been measured yet
  TestWorker worker(server_.workers(), "w", 1);
  worker.RunToCompletion(worker.Take(), 3);
  const grpc::Status status = Compare(request);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_THAT(status.error_message(), HasSubstr("metric: no run of this experiment has 'val/los'"));
  EXPECT_THAT(status.error_message(), HasSubstr("train/loss, val/loss"));
  request.clear_metric();
  EXPECT_TRUE(Compare(request).ok());
}

TEST_F(QueriesTest, ALongAnswerComesInPagesThatAnyClientTakes) {
  server_.Submit();
  TestWorker worker(server_.workers(), "w", 1);
  const v1::Assignment run = worker.Take();
  constexpr int64_t kSteps = 250'000;
  std::vector<v1::Event> events = {StartedAt(1, 1)};
  for (int64_t step = 1; step <= kSteps; ++step) {
    events.push_back(MetricsAt(step + 1, 1, step << 32, "train/loss", 1.0 / step));
    if (events.size() < 50'000 && step < kSteps) continue;
    ASSERT_TRUE(worker.Report(run, events).ok());
    events.clear();
  }
  v1::QueryMetricsRequest request;
  request.set_run_id(run.run_id());
  request.add_names("train/loss");
  int64_t num_points = 0, num_pages = 0;
  do {  // the channel has gRPC's default limits
    ASSERT_TRUE(Query(request).ok());
    num_points += response_.series(0).points_size();
    ++num_pages;
    request.set_page_token(response_.next_page_token());
  } while (!request.page_token().empty());
  EXPECT_EQ(num_points, kSteps);
  EXPECT_EQ(num_pages, 3);
}

TEST_F(QueriesTest, AnExperimentsRunsComeInPages) {
  const v1::Experiment experiment = server_.Submit();
  v1::GetExperimentRequest request;
  request.set_id(experiment.id());
  request.set_page_size(3);
  std::vector<std::string> ids;
  std::vector<int> sizes;
  do {
    grpc::ClientContext context;
    v1::Experiment page;
    ASSERT_TRUE(server_.experiments().GetExperiment(&context, request, &page).ok());
    EXPECT_EQ(page.num_runs(), 4);
    for (const v1::Run& run : page.runs()) ids.push_back(run.id());
    sizes.push_back(page.runs_size());
    request.set_page_token(page.next_page_token());
  } while (!request.page_token().empty());
  EXPECT_THAT(sizes, ElementsAre(3, 1));
  std::vector<std::string> expected;
  for (const v1::Run& run : experiment.runs()) expected.push_back(run.id());
  EXPECT_EQ(ids, expected);
}

// Expected numbers: Python's statistics, and t(0.975, 1) = 12.7062.
TEST_F(QueriesTest, CompareFromWhatIsStored) {
  const v1::Experiment experiment = server_.Submit();
  TestWorker worker(server_.workers(), "w", 4);
  const std::map<std::string, double> losses = {
      {"baseline/1", 2.0}, {"baseline/2", 2.1}, {"fp4/1", 2.05}, {"fp4/2", 2.13}};
  for (int i = 0; i < 4; ++i) {
    const v1::Assignment run = worker.Take();
    worker.RunToCompletion(run, 3, losses.at(run.variant() + "/" + std::to_string(run.seed())));
  }
  v1::CompareRequest request;
  request.set_experiment_id(experiment.id());
  ASSERT_TRUE(Compare(request).ok());
  EXPECT_EQ(comparison_.reference(), "baseline");
  EXPECT_EQ(comparison_.metric(), "val/loss");
  ASSERT_THAT(comparison_.variants(), SizeIs(2));
  const v1::VariantComparison& fp4 = comparison_.variants(1);
  EXPECT_EQ(fp4.name(), "fp4");
  EXPECT_EQ(fp4.n(), 2);
  EXPECT_NEAR(fp4.mean(), 2.09, 1e-12);
  EXPECT_NEAR(fp4.std(), 0.05656854249492386, 1e-12);
  EXPECT_NEAR(fp4.difference().mean(), 0.04, 1e-12);
  EXPECT_NEAR(fp4.difference().ci95().low(), 0.04 - 0.12706204736, 1e-9);
  EXPECT_NEAR(fp4.difference().ci95().high(), 0.04 + 0.12706204736, 1e-9);
  EXPECT_FALSE(comparison_.variants(0).has_difference());
}

TEST_F(QueriesTest, CompareJudgesEachVariant) {
  const v1::Experiment experiment = server_.Submit();
  TestWorker worker(server_.workers(), "w", 4);
  for (int i = 0; i < 4; ++i) {
    const v1::Assignment run = worker.Take();
    worker.RunToCompletion(run, 3, run.variant() == "fp4" ? 2.5 + 0.001 * run.seed() : 2.0);
  }
  v1::CompareRequest request;
  request.set_experiment_id(experiment.id());
  request.set_margin(0.6);
  request.set_at(v1::COMPARISON_AXIS_STEPS);
  ASSERT_TRUE(Compare(request).ok());
  EXPECT_EQ(comparison_.variants(0).verdict().kind(), v1::Verdict::REFERENCE);
  const v1::Verdict& verdict = comparison_.variants(1).verdict();
  EXPECT_EQ(verdict.kind(), v1::Verdict::NO_WORSE) << verdict.text();
  EXPECT_LT(verdict.p_holm(), 0.05);
  EXPECT_FALSE(verdict.has_seeds_needed());
  EXPECT_EQ(comparison_.last(), 1);
  EXPECT_EQ(comparison_.at_limit(), 3);
}

TEST_F(QueriesTest, CompareRefusesNumbersThatMakeNoSense) {
  const v1::Experiment experiment = server_.Submit();
  TestWorker worker(server_.workers(), "w", 4);
  worker.RunToCompletion(worker.Take(), 3);
  v1::CompareRequest request;
  request.set_experiment_id(experiment.id());
  request.set_margin(-1);
  EXPECT_THAT(Compare(request).error_message(), HasSubstr("margin: is -1"));
  request.set_margin(NAN);
  EXPECT_THAT(Compare(request).error_message(), HasSubstr("margin: is nan"));
  request.clear_margin();
  request.set_last(7);
  EXPECT_THAT(Compare(request).error_message(),
              HasSubstr("last: is 7, and no run has more than 1 value of val/loss"));
  request.clear_last();
  request.set_at(static_cast<v1::ComparisonAxis>(99));
  EXPECT_THAT(Compare(request).error_message(), HasSubstr("at: is 99, which is no axis"));
}

TEST_F(QueriesTest, TheQueueIsListedInItsOrder) {
  const v1::Experiment experiment = server_.Submit();
  grpc::ClientContext context;
  v1::ListQueueRequest request;
  request.set_page_size(3);
  v1::ListQueueResponse response;
  ASSERT_TRUE(server_.experiments().ListQueue(&context, request, &response).ok());
  EXPECT_EQ(response.num_queued(), 4);
  ASSERT_THAT(response.runs(), SizeIs(3));
  EXPECT_EQ(response.runs(0).run_id(), experiment.runs(0).id());
  EXPECT_EQ(response.runs(2).position(), 3);
  EXPECT_EQ(response.runs(0).why(), "no worker is connected");
  EXPECT_THAT(response.runs(0).needs(), HasSubstr("CPU slot"));
}

TEST_F(QueriesTest, CompareRefusesAnUnknownReference) {
  const v1::Experiment experiment = server_.Submit();
  v1::CompareRequest request;
  request.set_experiment_id(experiment.id());
  request.set_reference("fp8");
  const grpc::Status status = Compare(request);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_THAT(status.error_message(), HasSubstr("'fp8'"));
  EXPECT_THAT(status.error_message(), HasSubstr("baseline, fp4"));
}

}  // namespace
}  // namespace fp4::rpc
