/** Text of others made harmless: the same characters as ailtire_operator.printable, as escapes that show what they are. */

// Control characters, separators of lines, what turns the direction of text, what shows nothing, and lone surrogates.
const HIDDEN =
  "\\u0000-\\u001f\\u007f-\\u009f\\u00ad\\u061c\\u180e\\u200b-\\u200f\\u2028-\\u202e\\u2060-\\u206f\\ufeff\\ufff9-\\uffff" +
  "\\ud800-\\udfff\\u{e0000}-\\u{e0fff}";
const IN_LINE = new RegExp(`[${HIDDEN}]`, "gu");
const IN_LINES = new RegExp(`(?![\\n\\t])[${HIDDEN}]`, "gu");
const SHORT: Readonly<Record<string, string>> = { "\n": "\\n", "\r": "\\r", "\t": "\\t" };

/** The text as one line. */
export function line(text: string): string {
  return text.replace(IN_LINE, escape);
}

/** The text with its own line ends and tabs. */
export function lines(text: string): string {
  return text.replace(/\r\n/g, "\n").replace(IN_LINES, escape);
}

function escape(character: string): string {
  const code = character.codePointAt(0) ?? 0;
  const digits = code.toString(16);
  if (code < 0x100) return SHORT[character] ?? `\\x${digits.padStart(2, "0")}`;
  return code < 0x10000 ? `\\u${digits.padStart(4, "0")}` : `\\U${digits.padStart(8, "0")}`;
}
