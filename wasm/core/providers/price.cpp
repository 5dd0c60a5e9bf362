#include "providers/price.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace keyhold {

namespace {

constexpr std::string_view kMagic = "KHP1 ";
constexpr std::size_t kDateLength = 10;
// Beyond any call: a double holds such a count times a price without loss that matters.
constexpr std::int64_t kMaxTokens = std::int64_t{1} << 40;
constexpr double kMicro = 1e6;

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool starts_with(std::string_view text, std::string_view start) { return text.substr(0, start.size()) == start; }
bool ends_with(std::string_view text, std::string_view end) {
  return text.size() >= end.size() && text.substr(text.size() - end.size()) == end;
}

/// Up to the next separator, which goes too; all that is left where there is none.
std::string_view take(std::string_view& text, char separator) {
  const std::size_t at = std::min(text.find(separator), text.size());
  const std::string_view part = text.substr(0, at);
  text.remove_prefix(std::min(at + 1, text.size()));
  return part;
}

// --- numbers ---

std::optional<std::int64_t> whole(std::string_view digits) {
  constexpr std::int64_t kMax = std::int64_t{1} << 53;
  std::int64_t value = 0;
  if (digits.empty()) return std::nullopt;
  for (const char c : digits) {
    if (!is_digit(c) || value > (kMax - (c - '0')) / 10) return std::nullopt;
    value = value * 10 + (c - '0');
  }
  return value;
}

/// Exactly the double that this decimal means: whole number and power of ten are held without loss, and one division
/// rounds as it must.
std::optional<double> decimal(std::string_view text) {
  constexpr std::size_t kMaxPlaces = 22;
  const std::string_view before = take(text, '.');
  if (text.size() > kMaxPlaces) return std::nullopt;
  double divisor = 1;
  for (std::size_t place = 0; place < text.size(); ++place) divisor *= 10;
  const auto digits = whole(std::string(before).append(text));
  if (!digits || before.empty()) return std::nullopt;
  return static_cast<double>(*digits) / divisor;
}

// --- which model ---

/// Small letters, and no spaces around.
std::string normal(std::string_view model) {
  constexpr std::string_view kWhite = " \t\r\n";
  const std::size_t first = std::min(model.find_first_not_of(kWhite), model.size());
  std::string out(model.substr(first, model.find_last_not_of(kWhite) + 1 - first));
  for (char& c : out) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + 32);
  }
  return out;
}

bool is_day(std::string_view digits) {
  constexpr std::array<std::int64_t, 12> kDays = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  const auto year = whole(digits.substr(0, 4));
  const auto month = whole(digits.substr(4, 2));
  const auto day = whole(digits.substr(6, 2));
  if (!year || !month || !day || *year / 100 != 20 || *month < 1 || *month > 12) return false;
  const bool leap = *year % 4 == 0 && (*year % 100 != 0 || *year % 400 == 0);
  const std::int64_t last = kDays[static_cast<std::size_t>(*month - 1)] + (leap && *month == 2 ? 1 : 0);
  return *day >= 1 && *day <= last;
}

/// "-20250131" becomes "-2025-01-31": some name a model's day this way, some that.
std::string with_dashed_days(std::string_view model) {
  constexpr std::size_t kDayLength = 8;
  std::string out;
  for (std::size_t at = 0; at < model.size(); ++at) {
    out += model[at];
    const std::string_view rest = model.substr(at + 1);
    if (model[at] != '-' || rest.size() < kDayLength) continue;
    const bool ends = rest.size() == kDayLength || rest[kDayLength] == '-' || rest[kDayLength] == ':';
    if (!ends || !is_day(rest.substr(0, kDayLength))) continue;
    out.append(rest.substr(0, 4)).append("-").append(rest.substr(4, 2)).append("-").append(rest.substr(6, 2));
    at += kDayLength;
  }
  return out;
}

/// Where # stands for any digit.
bool looks_like(std::string_view model, std::string_view pattern) {
  return std::equal(model.begin(), model.end(), pattern.begin(), pattern.end(),
                    [](char c, char wanted) { return wanted == '#' ? is_digit(c) : c == wanted; });
}

bool passes(std::string_view model, std::string_view test) {
  const bool wanted = !starts_with(test, "!");
  if (!wanted) test.remove_prefix(1);
  if (test.empty()) return false;
  const std::string_view text = test.substr(1);
  switch (test[0]) {
    case '=': return (model == text) == wanted;
    case '^': return starts_with(model, text) == wanted;
    case '$': return ends_with(model, text) == wanted;
    case '*': return (model.find(text) != std::string_view::npos) == wanted;
    case '~': return looks_like(model, text) == wanted;
    case '<': return looks_like(model.substr(0, text.size()), text) == wanted;
    default: return false;
  }
}

bool fits(std::string_view model, std::string_view alternatives) {
  while (!alternatives.empty()) {
    std::string_view tests = take(alternatives, '|');
    bool all = !tests.empty();
    while (all && !tests.empty()) all = passes(model, take(tests, '&'));
    if (all) return true;
  }
  return false;
}

/// The rates of the first line that the model fits.
std::optional<std::string_view> rates_in(std::string_view lines, std::string_view model) {
  while (!lines.empty()) {
    std::string_view rates = take(lines, '\n');
    if (fits(model, take(rates, '\t'))) return rates;
  }
  return std::nullopt;
}

struct Section {
  std::string_view lines;
  std::string_view others;  // providers whose models this one has, too
};

std::optional<Section> section_of(std::string_view text, std::string_view provider) {
  const std::string head = std::string("\n@").append(provider);
  for (std::size_t at = 0; (at = text.find(head, at)) != std::string_view::npos;) {
    at += head.size();
    std::string_view rest = text.substr(at);
    if (!starts_with(rest, "\n") && !starts_with(rest, " ")) continue;
    std::string_view others = take(rest, '\n');
    take(others, ' ');
    return Section{rest.substr(0, rest.find("\n@")), others};
  }
  return std::nullopt;
}

std::optional<std::string_view> rates_for(std::string_view text, std::string_view provider, std::string_view model) {
  auto section = section_of(text, provider);
  if (!section) return std::nullopt;
  auto found = rates_in(section->lines, model);
  while (!found && !section->others.empty()) {
    const auto other = section_of(text, take(section->others, ' '));
    if (other) found = rates_in(other->lines, model);
  }
  return found;
}

// --- which of its rates ---

bool holds(std::string_view condition, UnixMs now) {
  const bool by_day = starts_with(condition, "@");
  condition.remove_prefix(1);
  if (by_day) {
    const auto day = whole(condition);
    return day && now >= *day * kDayMs;
  }
  const auto from = whole(take(condition, '-'));
  const auto to = whole(condition);
  if (!from || !to) return false;
  const std::int64_t second = now % kDayMs / 1000;
  // One that begins later than it ends goes over midnight.
  return *to < *from ? second >= *from || second < *to : second >= *from && second < *to;
}

std::string_view set_at(std::string_view sets, UnixMs now) {
  std::string_view chosen;
  // The first is also what counts where no condition holds.
  for (bool first = true; !sets.empty(); first = false) {
    std::string_view set = take(sets, ';');
    const bool conditional = starts_with(set, "@") || starts_with(set, "%");
    const std::string_view condition = conditional ? take(set, ' ') : std::string_view();
    if (first || !conditional || holds(condition, now)) chosen = set;
  }
  return chosen;
}

struct Rate {
  char unit;
  double base;             // US dollars for a million
  std::string_view tiers;  // "above:price>above:price": the last whose start is passed counts, for all tokens
};

bool prices(Rates rates, char unit) {
  while (!rates.text.empty()) {
    if (take(rates.text, ' ').substr(0, 1) == std::string_view(&unit, 1)) return true;
  }
  return false;
}

/// Takes the next one. Nothing for one that cannot be read, or whose unit comes again: it would be paid for twice.
std::optional<Rate> take_rate(std::string_view& text) {
  std::string_view one = take(text, ' ');
  if (one.empty()) return std::nullopt;
  const char unit = one[0];
  one.remove_prefix(1);
  const auto base = decimal(take(one, '>'));
  if (!base || std::string_view("iorwhtaAcq").find(unit) == std::string_view::npos) return std::nullopt;
  if (prices(Rates{text}, unit)) return std::nullopt;
  return Rate{unit, *base, one};
}

constexpr std::int64_t kAnyTier = -1;

/// For a call with so much input; of all tiers the dearest for kAnyTier.
std::optional<double> price_at(const Rate& rate, std::int64_t input) {
  double price = rate.base;
  for (std::string_view tiers = rate.tiers; !tiers.empty();) {
    std::string_view tier = take(tiers, '>');
    const auto above = whole(take(tier, ':'));
    const auto step = decimal(tier);
    if (!above || !step) return std::nullopt;
    if (input == kAnyTier ? *step > price : input > *above) price = *step;
  }
  return price;
}

/// Nothing for more than can be counted.
std::optional<std::int64_t> micro(double micro_usd) {
  constexpr double kMost = 9e15;
  return micro_usd < kMost ? std::optional(static_cast<std::int64_t>(micro_usd)) : std::nullopt;
}

}  // namespace

Result<PriceList> PriceList::parse(ByteView file) {
  if (file.size() > kMaxBytes) return Errc::ERR_TOO_LARGE;
  PriceList list;
  list.text_ = as_text(file);
  std::string_view rest = list.text_;
  std::string_view head = take(rest, '\n');
  if (!starts_with(head, kMagic) || head.size() != kMagic.size() + kDateLength) return Errc::ERR_BAD_FORMAT;
  list.made_ = head.substr(kMagic.size());
  return list;
}

std::optional<Rates> PriceList::find(std::string_view provider, std::string_view model, UnixMs now) const {
  const std::string name = normal(model);
  auto sets = rates_for(text_, provider, name);
  if (!sets) sets = rates_for(text_, provider, with_dashed_days(name));
  const std::string_view chosen = sets ? set_at(*sets, now) : std::string_view();
  return chosen.empty() ? std::nullopt : std::optional(Rates{chosen});
}

std::optional<std::int64_t> cost_micro_usd(Rates rates, const Usage& usage) {
  // What is in a part that has a price of its own is not paid for in the whole.
  const auto part = [&](char unit, const std::optional<std::int64_t>& count) {
    return prices(rates, unit) ? count.value_or(0) : 0;
  };
  // Sound read from a cache is in both of its wholes: where it has a price, it must be known whether there was any.
  if (prices(rates, 'c') && !usage.cached_audio_input && usage.cached_input.value_or(0) > 0 &&
      usage.audio_input.value_or(0) > 0) {
    return std::nullopt;
  }
  const std::int64_t cached_sound = part('c', usage.cached_audio_input);
  const std::int64_t cached = part('r', usage.cached_input) - (prices(rates, 'r') ? cached_sound : 0);
  const std::int64_t sound = part('a', usage.audio_input) - (prices(rates, 'a') ? cached_sound : 0);
  const std::int64_t written = part('w', usage.cache_write);
  const std::int64_t reasoning = part('t', usage.reasoning);
  const std::int64_t sound_out = part('A', usage.audio_output);
  double input_usd = 0;
  double output_usd = 0;
  double other_usd = 0;
  while (!rates.text.empty()) {
    const auto rate = take_rate(rates.text);
    if (!rate) return std::nullopt;
    std::optional<std::int64_t> count;
    double* sum = &input_usd;
    switch (rate->unit) {
      case 'i':
        if (usage.input) count = *usage.input - cached - written - sound - cached_sound;
        break;
      case 'o':
        if (usage.output) count = *usage.output - reasoning - sound_out;
        sum = &output_usd;
        break;
      case 'r': count = cached; break;
      case 'w': count = written; break;
      case 'a': count = sound; break;
      case 'c': count = cached_sound; break;
      case 't':
        count = reasoning;
        sum = &output_usd;
        break;
      case 'A':
        count = sound_out;
        sum = &output_usd;
        break;
      case 'q': other_usd += rate->base / 1e3; continue;
      default: continue;  // no usage tells for how long it was written to a cache
    }
    const auto price = price_at(*rate, usage.input.value_or(0));
    if (!price || !count || *count < 0 || *count > kMaxTokens) return std::nullopt;
    const double tokens = static_cast<double>(*count);
    // The same steps in the same order as calcPrice: the same double in the end.
    *sum += rate->tiers.empty() ? *price * tokens / 1e6 : *price * tokens / 1e6 * 1e6 / 1e6;
  }
  return micro(std::round((input_usd + output_usd + other_usd) * kMicro));
}

bool pays_for_output(Rates rates) { return prices(rates, 'o'); }

std::optional<std::int64_t> most_micro_usd(Rates rates, std::int64_t input, std::int64_t output) {
  if (input < 0 || output < 0 || input > kMaxTokens || output > kMaxTokens) return std::nullopt;
  double dearest_in = 0;
  double dearest_out = 0;
  double calls = 0;
  while (!rates.text.empty()) {
    const auto rate = take_rate(rates.text);
    const auto price = rate ? price_at(*rate, kAnyTier) : std::nullopt;
    if (!price) return std::nullopt;
    if (rate->unit == 'q') {
      calls += *price / 1e3;
    } else {
      double& dearest = std::string_view("otA").find(rate->unit) != std::string_view::npos ? dearest_out : dearest_in;
      dearest = std::max(dearest, *price);
    }
  }
  const double most =
      dearest_in * static_cast<double>(input) + dearest_out * static_cast<double>(output) + calls * kMicro;
  return micro(most + 1);
}

}  // namespace keyhold
