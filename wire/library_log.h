// The messages of gRPC and protobuf themselves, as lines of our log.
#pragma once

namespace fp4::wire {

// From now on what the two libraries have to say goes through base/log.h, so that a daemon's log
// has one form: message "grpc" or "protobuf", the library's words in the field `detail`. Call it
// first thing in a program that uses them; repeating it is harmless.
void RouteLibraryLogs();

}  // namespace fp4::wire
