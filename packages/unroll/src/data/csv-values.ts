/**
 * Reads one CSV cell: words for a missing value, numbers in the ways people write them, and dates.
 * Which of these a whole column holds is decided in csv-types.ts.
 */

/** Which character is the decimal mark. */
export type DecimalMark = "." | ",";

/** How the parts of a date are ordered; month names and ISO dates need no order. */
export type DateOrder = "iso" | "dmy" | "mdy" | "compact" | "monthName";

/** Characters; longer cells are text, which also keeps the patterns below from working long on them. */
const LONGEST_NUMBER = 400;
const LONGEST_DATE = 64;

/** Words that stand for "no value", compared in lower case; an empty cell always does. */
export const MISSING_WORDS: readonly string[] = [
  "na",
  "n/a",
  "#n/a",
  "nan",
  "null",
  "none",
  "nil",
  "missing",
  "-",
  "--",
  "?",
  ".",
];

/** A test for cells that state no value: empty ones and these words, in any case. */
export function missingTest(words: readonly string[]): (cell: string) => boolean {
  const known = new Set(words.map((word) => word.toLowerCase()));
  // Nearly all cells are told apart by their first character, without making a lower-case copy.
  const firsts = new Set([...known].flatMap((word) => [word.charCodeAt(0), word.toUpperCase().charCodeAt(0)]));
  return (cell) => cell === "" || (firsts.has(cell.charCodeAt(0)) && known.has(cell.toLowerCase()));
}

const STARTS_LIKE_NUMBER = /^[-+\d.,\u2212]/;
const PLAIN_NUMBER = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d{1,4})?$/;
const COMMA_NUMBER = /^[+-]?(?:\d+,?\d*|,\d+)(?:[eE][+-]?\d{1,4})?$/;
/** Groups of three, one kind of separator throughout. */
const GROUPED_POINT = /^[+-]?\d{1,3}(?:(?:,\d{3})+|(?:[ \u00a0\u202f]\d{3})+|(?:['\u2019]\d{3})+)(?:\.\d*)?$/;
const GROUPED_COMMA = /^[+-]?\d{1,3}(?:(?:\.\d{3})+|(?:[ \u00a0\u202f]\d{3})+|(?:['\u2019]\d{3})+)(?:,\d*)?$/;
const SEPARATORS_BUT_POINT = /[, \u00a0\u202f'\u2019]/g;
const SEPARATORS_BUT_COMMA = /[. \u00a0\u202f'\u2019]/g;

/**
 * The number that a trimmed cell states, or undefined: `-1234.5`, `1,234.5`, `1 234.5`, `1'234`, `2e-3`;
 * with decimal comma `1.234,5`, `1 234,5`. Infinity when it is larger than float64 holds.
 */
export function readNumber(cell: string, decimal: DecimalMark): number | undefined {
  if (cell.length > LONGEST_NUMBER || !STARTS_LIKE_NUMBER.test(cell)) return undefined;
  const text = cell.charCodeAt(0) === 0x2212 ? `-${cell.slice(1)}` : cell;
  if (decimal === ".") {
    if (PLAIN_NUMBER.test(text)) return Number(text);
    return GROUPED_POINT.test(text) ? Number(text.replace(SEPARATORS_BUT_POINT, "")) : undefined;
  }
  if (COMMA_NUMBER.test(text)) return Number(text.replace(",", "."));
  return GROUPED_COMMA.test(text) ? Number(text.replace(SEPARATORS_BUT_COMMA, "").replace(",", ".")) : undefined;
}

/** True where only one decimal mark makes sense of the digits: `3.5`, `1,234.5` and `1.2345`, but not `1.234`. */
export function provesDecimalMark(cell: string, decimal: DecimalMark): boolean {
  if (!cell.includes(decimal)) return false;
  const other = decimal === "." ? "," : ".";
  return readNumber(cell, decimal) !== undefined && readNumber(cell, other) === undefined;
}

const TIME = String.raw`(?:(?:T|t|\s+)(\d{1,2}):(\d{2})(?::(\d{2})(?:[.,](\d{1,9}))?)?\s*(AM|PM|am|pm)?\s*(Z|z|UTC|GMT|[+-]\d{2}:?(?:\d{2})?)?)?`;
const ISO = new RegExp(`^(\\d{4})([-/.])(\\d{1,2})(?:\\2(\\d{1,2})${TIME})?$`);
const NUMERIC = new RegExp(`^(\\d{1,2})([-/.])(\\d{1,2})\\2(\\d{4}|\\d{2})${TIME}$`);
const COMPACT = new RegExp(`^(\\d{4})(\\d{2})(\\d{2})${TIME}$`);
const DAY_MONTH_NAME = new RegExp(`^(\\d{1,2})[-/.\\s]*([A-Za-z]{3,9})\\.?[-/.,\\s]*(\\d{4}|\\d{2})${TIME}$`);
const MONTH_NAME_DAY = new RegExp(`^([A-Za-z]{3,9})\\.?[-/.\\s]*(?:(\\d{1,2})[-/.,\\s]+)?(\\d{4})${TIME}$`);
const MONTHS = "january february march april may june july august september october november december".split(" ");

/**
 * Milliseconds since 1970-01-01T00:00Z of a trimmed cell, or undefined when it is no date in that order or no day of
 * the calendar. Without a zone the time is taken as UTC, so that results do not depend on the machine.
 *
 * @example readDate("2024-02-29", "iso")  // Date.UTC(2024, 1, 29)
 * @example readDate("31.12.2024", "dmy")  // Date.UTC(2024, 11, 31)
 */
export function readDate(cell: string, order: DateOrder): number | undefined {
  if (cell.length > LONGEST_DATE) return undefined;
  switch (order) {
    case "iso": {
      const m = ISO.exec(cell);
      return m === null ? undefined : instant(Number(m[1]), Number(m[3]), Number(m[4] ?? 1), m.slice(5));
    }
    case "compact": {
      const m = COMPACT.exec(cell);
      return m === null ? undefined : instant(Number(m[1]), Number(m[2]), Number(m[3]), m.slice(4));
    }
    case "dmy":
    case "mdy": {
      const m = NUMERIC.exec(cell);
      if (m === null) return undefined;
      const [day, month] = order === "dmy" ? [m[1], m[3]] : [m[3], m[1]];
      return instant(fullYear(m[4]!), Number(month), Number(day), m.slice(5));
    }
    case "monthName": {
      const dayFirst = DAY_MONTH_NAME.exec(cell);
      if (dayFirst !== null) {
        return instant(fullYear(dayFirst[3]!), monthOf(dayFirst[2]!), Number(dayFirst[1]), dayFirst.slice(4));
      }
      const m = MONTH_NAME_DAY.exec(cell);
      return m === null ? undefined : instant(Number(m[3]), monthOf(m[1]!), Number(m[2] ?? 1), m.slice(4));
    }
  }
}

/** The orders in which a cell that begins like this one may be a date; cheaper than trying every pattern. */
export function possibleDateOrders(cell: string): readonly DateOrder[] {
  if (/^\d{3}/.test(cell)) return YEAR_FIRST;
  if (/^\d/.test(cell)) return DAY_OR_MONTH_FIRST;
  return /^[A-Za-z]{3}/.test(cell) ? MONTH_NAME_FIRST : [];
}

const YEAR_FIRST: readonly DateOrder[] = ["iso", "compact"];
const DAY_OR_MONTH_FIRST: readonly DateOrder[] = ["dmy", "mdy", "monthName"];
const MONTH_NAME_FIRST: readonly DateOrder[] = ["monthName"];

/** Two digits as spreadsheets read them: 00 to 68 are this century, 69 to 99 the last (POSIX strptime). */
function fullYear(text: string): number {
  const year = Number(text);
  if (text.length > 2) return year;
  return year < 69 ? 2000 + year : 1900 + year;
}

/** 1 to 12, or 0 for a word that names no month. */
function monthOf(word: string): number {
  const lower = word.toLowerCase();
  return (
    MONTHS.findIndex(
      (month) => month === lower || month.slice(0, 3) === lower || (lower === "sept" && month === "september"),
    ) + 1
  );
}

function instant(year: number, month: number, day: number, time: readonly (string | undefined)[]): number | undefined {
  const [hourText, minuteText, secondText, fractionText, half, zone] = time;
  let hour = Number(hourText ?? 0);
  const minute = Number(minuteText ?? 0);
  const second = Number(secondText ?? 0);
  if (half !== undefined) {
    if (hour < 1 || hour > 12) return undefined;
    hour = (hour % 12) + (half.toLowerCase() === "pm" ? 12 : 0);
  }
  if (month < 1 || month > 12 || day < 1 || day > daysIn(year, month)) return undefined;
  if (hour > 23 || minute > 59 || second > 59) return undefined;
  const milliseconds = fractionText === undefined ? 0 : Math.trunc(Number(`0.${fractionText}`) * 1000 + 1e-6);
  const date = new Date(0);
  // Date.UTC would read the years 0 to 99 as 1900 to 1999.
  date.setUTCFullYear(year, month - 1, day);
  date.setUTCHours(hour, minute, second, milliseconds);
  return date.getTime() - zoneOffset(zone);
}

function daysIn(year: number, month: number): number {
  if (month === 2) return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0) ? 29 : 28;
  return month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31;
}

/** Milliseconds east of UTC. */
function zoneOffset(zone: string | undefined): number {
  const m = zone === undefined ? null : /^([+-])(\d{2}):?(\d{2})?$/.exec(zone);
  if (m === null) return 0;
  const minutes = Number(m[2]) * 60 + Number(m[3] ?? 0);
  return (m[1] === "-" ? -minutes : minutes) * 60_000;
}
