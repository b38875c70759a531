import type { Schema } from '../layout/schema.ts';

/** The class that serves each type; a model of another type names its own in a `model-settings.json`. */
const IMPLEMENTATIONS: Readonly<Record<string, string>> = {
  lightgbm: 'mlserver_lightgbm.LightGBMModel',
  sklearn: 'mlserver_sklearn.SKLearnModel',
  xgboost: 'mlserver_xgboost.XGBoostModel',
  mllib: 'mlserver-mllib.MLlibModel',
};

export type GeneratedSettings = {
  readonly id: string;
  readonly type: string;
  readonly schema: Schema | undefined;
  /** Absolute. */
  readonly uri: string;
};

/** `model-settings.json` of a model that has none. */
export function generatedSettings({ id, type, schema, uri }: GeneratedSettings): string {
  const implementation = IMPLEMENTATIONS[type];
  return toText({
    name: id,
    ...(implementation === undefined ? {} : { implementation }),
    parameters: { uri },
    ...schema,
  });
}

export type RewrittenSettings = {
  readonly id: string;
  readonly schema: Schema | undefined;
  /** Where a path of the model's own folder is after it was laid out. */
  readonly within: (uri: string) => string;
};

/** A model's own settings under its id and with paths as they are here. What cannot be read is passed on: MLServer says best what is wrong. */
export function rewrittenSettings(text: string, { id, schema, within }: RewrittenSettings): string {
  const settings = parseObject(text);
  if (settings === undefined) return text;
  const parameters = settings['parameters'];
  const uri = isObject(parameters) ? parameters['uri'] : undefined;
  const local = typeof uri === 'string' ? { parameters: { ...(parameters as object), uri: within(uri) } } : {};
  return toText({ ...settings, name: id, ...local, ...schema });
}

function parseObject(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Two spaces, keys sorted at every depth. */
function toText(value: unknown): string {
  const sorted = (_key: string, part: unknown): unknown =>
    isObject(part) ? Object.fromEntries(Object.entries(part).sort(([left], [right]) => (left < right ? -1 : 1))) : part;
  return JSON.stringify(value, sorted, 2);
}
