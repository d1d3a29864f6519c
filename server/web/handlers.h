// What each path of the HTTP API answers (docs/http-api.md). Each takes a request that has been let
// in, returns at once and answers from another thread, by the functions that the RPCs use too.
#pragma once

#include "server/web/call.h"

namespace fp4::web {

// What handlers share; outlives all calls.
struct Context;
using Handler = void (*)(Context& context, const CallPtr& call);

// Experiments.
void ListExperiments(Context& context, const CallPtr& call);
void GetExperiment(Context& context, const CallPtr& call);
void GetDocument(Context& context, const CallPtr& call);
void ListVariants(Context& context, const CallPtr& call);
void CompareVariants(Context& context, const CallPtr& call);

// Runs.
void ListRuns(Context& context, const CallPtr& call);
void GetRun(Context& context, const CallPtr& call);
void ListRunEvents(Context& context, const CallPtr& call);
void GetRunCsv(Context& context, const CallPtr& call);

// Curves of one run or of many.
void QueryMetrics(Context& context, const CallPtr& call);

// The lab.
void ListQueue(Context& context, const CallPtr& call);
void ListWorkers(Context& context, const CallPtr& call);
void GetVersion(Context& context, const CallPtr& call);

// Events as they are stored, as text/event-stream.
void WatchEvents(Context& context, const CallPtr& call);

}  // namespace fp4::web
