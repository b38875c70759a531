/**
 * The loose reading of ModelMesh Serving, kept so that its configurations mean the same here. What cannot be read is handed back
 * as it is, for the schema to refuse by its own words.
 */
const TRUE = ['1', 't', 'T', 'TRUE', 'true', 'True'];
const FALSE = ['', '0', 'f', 'F', 'FALSE', 'false', 'False'];
const WHOLE = /^[+-]?(0|[1-9]\d*)$/;
const PREFIXED = /^0(x[\da-f]+|o[0-7]+|b[01]+)$/i;

/** `"3"` and `3.9` are 3. A text with zeros in front is no number: it would be octal to some. */
export function toWhole(given: unknown): unknown {
  if (typeof given === 'number') return Math.trunc(given);
  if (typeof given === 'boolean') return given ? 1 : 0;
  if (given === '') return 0;
  return typeof given === 'string' && (WHOLE.test(given) || PREFIXED.test(given)) ? Number(given) : given;
}

export function toBoolean(given: unknown): unknown {
  if (typeof given === 'number') return given !== 0;
  if (typeof given !== 'string') return given;
  if (TRUE.includes(given)) return true;
  return FALSE.includes(given) ? false : given;
}

/** `true` is `1`, as it always was. */
export function toText(given: unknown): unknown {
  if (typeof given === 'boolean') return given ? '1' : '0';
  return typeof given === 'number' ? String(given) : given;
}

/** A text is a list with commas, and whatever else is no list is a list of one. */
export function toList(given: unknown): unknown {
  if (Array.isArray(given)) return given;
  if (typeof given === 'string') return given === '' ? [] : given.split(',');
  return isMap(given) && Object.keys(given).length === 0 ? [] : [given];
}

/** A list of maps is one map, in which later entries win. */
export function toMap(given: unknown): unknown {
  return Array.isArray(given) && given.every(isMap)
    ? Object.fromEntries(given.flatMap((map) => Object.entries(map)))
    : given;
}

function isMap(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
