// Numbers in pictures. Pure and thread-safe.
#pragma once

#include <string>

namespace fp4::page::svg {

// Two decimals at most, no trailing zeros: "12.5", "-0.03", "7".
std::string Coordinate(double value);

// A share of the width or height as "37.5%".
std::string Percent(double share);

// A tick's label with as many digits as `step`, the distance to its neighbours, needs: "0.15",
// "2.0", "1500", "20k", "3M", "1e-05".
std::string TickLabel(double value, double step);

// For people, four significant digits: "2.684", "0.0009", "1.2e-07", "NaN", "Infinity".
std::string ValueText(double value);

}  // namespace fp4::page::svg
