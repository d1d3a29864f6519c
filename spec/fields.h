// The definition of the experiment document: every field with its meaning, type, default, and where
// its value goes.
#pragma once

#include <array>

#include "spec/field.h"

namespace fp4::spec {

const Type& DocumentType();

inline constexpr double kMostSteps = 1e9;

// What a variant may not change.
inline constexpr std::array kFieldsOutsideVariants = {"name", "seeds", "variants", "search"};

// Parts of it, one file each.
Type ModelType();
Type DataType();
Type TrainingType();
Type OptimizerType();
Type LearningRateType();
Type PrecisionType();
Type BudgetType();
Type SensitivityType();
Type CheckpointType();
Type ResourcesType();
Type SearchType();

// "store" functions for one member of one section.
template <typename Section, typename Member>
std::function<void(const Node&, RunSpec&)> Into(Section RunSpec::*section,
                                                Member Section::*member) {
  return [section, member](const Node& node, RunSpec& run) {
    Member& target = run.*section.*member;
    if constexpr (std::is_same_v<Member, bool>) {
      target = node.boolean;
    } else if constexpr (std::is_integral_v<Member>) {
      target = static_cast<Member>(AsInteger(node));
    } else if constexpr (std::is_floating_point_v<Member>) {
      target = AsNumber(node);
    } else if constexpr (std::is_same_v<Member, std::string>) {
      target = node.text;
    } else if constexpr (std::is_same_v<Member, absl::Duration>) {
      target = AsDuration(node);
    } else {
      target = AsStrings(node);
    }
  };
}

// A choice, and what goes into an enumeration whose values stand in the order of the choices.
template <typename Section, typename Enum>
std::function<void(const Node&, RunSpec&)> IntoEnum(Section RunSpec::*section,
                                                    Enum Section::*member,
                                                    std::vector<std::string> choices) {
  return [section, member, choices = std::move(choices)](const Node& node, RunSpec& run) {
    for (size_t i = 0; i < choices.size(); ++i) {
      if (choices[i] == node.text) run.*section.*member = static_cast<Enum>(i);
    }
  };
}

template <typename Section, typename Enum>
Field EnumField(std::string name, std::vector<std::string> choices, Section RunSpec::*section,
                Enum Section::*member, const std::string& default_choice, std::string doc) {
  Field field{.name = std::move(name), .doc = std::move(doc), .type = Choice(choices)};
  if (!default_choice.empty()) field.default_json = "\"" + default_choice + "\"";
  field.store = IntoEnum(section, member, std::move(choices));
  return field;
}

// A field of "model" whose default comes from the preset.
Field FromPreset(Field field);

template <typename Member>
Field FromPreset(std::string name, Type type, Member ModelSpec::*member, std::string doc) {
  Field field{.name = std::move(name), .doc = std::move(doc), .type = std::move(type)};
  field.store = Into(&RunSpec::model, member);
  return FromPreset(std::move(field));
}

}  // namespace fp4::spec
