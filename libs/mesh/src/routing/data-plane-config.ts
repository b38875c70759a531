import { z } from 'zod';

/** How the data plane finds out which model a call means. */
export type MethodRule = {
  /** Numbers of the protobuf fields that lead to the id; none: headers say it. */
  readonly idExtractionPath: readonly number[] | undefined;
  readonly vModelId: boolean;
};

export type DataPlaneConfig = {
  /** Undefined for a method that is not taken. */
  rule(method: string): MethodRule | undefined;
};

const ANY: MethodRule = { idExtractionPath: undefined, vModelId: false };
/** Without a configuration every method is taken, and only headers say which model is meant. */
export const ANY_METHOD: DataPlaneConfig = { rule: () => ANY };

const ruleSchema = z.strictObject({
  idExtractionPath: z.array(z.int().min(1)).nonempty().optional(),
  vModelId: z.boolean().default(false),
});
const schema = z.strictObject({
  rpcConfigs: z.record(z.string(), ruleSchema).default({}),
  allowOtherRpcs: z.boolean().default(false),
});

/** `{"rpcConfigs": {"pkg.Service/Method": {…}}, "allowOtherRpcs": true}`. @throws Error with one sentence that names the field. */
export function parseDataPlaneConfig(json: string): DataPlaneConfig {
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch (error) {
    throw new Error('The data plane configuration is not JSON', { cause: error });
  }
  const parsed = schema.safeParse(value);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw new Error(
      `The data plane configuration is wrong at ${issue?.path.join('.') || 'its root'}: ${issue?.message}`,
    );
  }
  const { rpcConfigs, allowOtherRpcs } = parsed.data;
  const rules = new Map(
    Object.entries(rpcConfigs).map(([method, { idExtractionPath, vModelId }]): [string, MethodRule] => [
      method.replace(/^\//, ''),
      { idExtractionPath, vModelId },
    ]),
  );
  return { rule: (method) => rules.get(method) ?? (allowOtherRpcs ? ANY : undefined) };
}
