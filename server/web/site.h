// The page's files, out of the program itself.
#pragma once

#include <string>

#include "telemetry/http_message.h"

namespace fp4::web {

// Immutable.
class Site {
 public:
  Site();

  // The page for its own paths (/, /experiments/…, /runs/…, /queue, /workers): what they show is
  // the page's to say. Its parts below a folder that is named by their contents, to be kept for
  // ever. 304 for one that the browser has. 404 for anything else.
  telemetry::HttpResponse Find(const telemetry::HttpRequest& request) const;

 private:
  std::string folder_;  // "/assets/3f5a…/"
  std::string page_, page_tag_;
};

}  // namespace fp4::web
