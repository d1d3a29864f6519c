// The recipes that one document can name: the built-in ones and its own.
#pragma once

#include <map>
#include <optional>
#include <string>

#include "spec/field.h"
#include "spec/problems.h"
#include "spec/recipes.h"

namespace fp4::spec {

class RecipeBook {
 public:
  // Reads precision.recipes. `precision` is the canonical section, `path` its path. What does not
  // fit its type is passed over: Check has reported it.
  RecipeBook(const Node& precision, const Path& path, Problems& problems);

  // The recipe that a field names; nothing: it cannot be used, and a problem says why.
  std::optional<Bundle> Find(const Node& name, const Path& path);

  // Changes `bundle` by those fields of a recipe or rule that say something about precision. False:
  // a problem says why it cannot be used.
  bool Apply(const Node& recipe, const Path& path, Bundle& bundle);

 private:
  bool ApplyField(const Member& member, const Path& parent, Bundle& bundle);
  bool CheckEstimatorOptions(const Node& recipe, const Path& path, const Bundle& bundle);
  bool CheckOptions(const Bundle& bundle);
  std::vector<std::string> Names() const;

  Problems& problems_;
  std::map<std::string, std::optional<Bundle>> own_;  // nothing: reported already
};

// Whether a node fits the type of a field of "precision" or, for lists and maps, of its items.
bool FitsPrecisionField(const Node& node, std::string_view field);

}  // namespace fp4::spec
