import { stringify } from 'yaml';

/** As every YAML reader understands it: one line for a line, nothing by reference, words such as `yes` in quotes. */
export function toYaml(value: unknown): string {
  return stringify(value, { version: '1.1', lineWidth: 0, aliasDuplicateObjects: false });
}
