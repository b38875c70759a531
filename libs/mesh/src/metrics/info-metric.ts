import { Gauge } from 'prom-client';
import { SettingsError } from '@meshkeeper/settings';
import type { Registry } from '@meshkeeper/metrics';

/** A gauge that is always 1, and says by its labels what runs here. */
export type InfoMetric = { readonly name: string; readonly labels: Readonly<Record<string, string>> };

const SETTING = 'MM_INFO_METRICS';
const NAME = /^[a-zA-Z_:][a-zA-Z0-9_:]*$/;
const LABEL = /^[a-zA-Z_]\w*=\w+$/;
const MAX_LABELS = 5;

/** `name;label=ENV,…`, with the values of the environment's variables. Empty: undefined. @throws SettingsError */
export function parseInfoMetric(
  text: string,
  env: Readonly<Record<string, string | undefined>>,
): InfoMetric | undefined {
  if (text === '') return undefined;
  const [name = '', list, ...rest] = text.split(';').map((part) => part.trim());
  const parts = list?.split(',').map((part) => part.trim()) ?? [];
  if (!NAME.test(name) || rest.length > 0 || !parts.every((part) => LABEL.test(part)))
    throw new SettingsError(`${SETTING}: must have the form name;label=VARIABLE,…`);
  if (parts.length > MAX_LABELS) throw new SettingsError(`${SETTING}: ${MAX_LABELS} labels at most`);
  const labels = parts.map((part): readonly [string, string] => {
    const [label = '', variable = ''] = part.split('=');
    const value = env[variable];
    if (value === undefined) throw new SettingsError(`${SETTING}: the variable ${variable} is not set`);
    return [label, value];
  });
  return { name, labels: Object.fromEntries(labels) };
}

export function registerInfoMetric({ name, labels }: InfoMetric, registry: Registry): void {
  const help = `What runs here, as ${SETTING} says`;
  new Gauge({ name, help, labelNames: Object.keys(labels), registers: [registry] }).set(labels, 1);
}
