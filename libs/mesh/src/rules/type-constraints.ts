import { z } from 'zod';

/** Which labels an instance must have to hold models of a type. */
export type TypeConstraints = {
  /** All must be present; none: anywhere. */
  requiredLabels(type: string): readonly string[];
  /** Instances with any of them come first. */
  preferredLabels(type: string): readonly string[];
};

/** No file: every instance may hold everything. */
export const ANYWHERE: TypeConstraints = { requiredLabels: () => [], preferredLabels: () => [] };

const schema = z.record(
  z.string(),
  z.object({ required: z.array(z.string()).default([]), preferred: z.array(z.string()).default([]) }),
);

/**
 * The file at MM_TYPE_CONSTRAINTS_PATH: `{"<type>": {"required": [...], "preferred": [...]}, "_default": {...}}`.
 * @throws Error with one sentence when it is no such document.
 */
export function parseTypeConstraints(json: string): TypeConstraints {
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch (error) {
    throw new Error('The type constraints are not JSON', { cause: error });
  }
  const result = schema.safeParse(value);
  if (!result.success)
    throw new Error(`The type constraints are malformed at ${result.error.issues[0]?.path.join('.') ?? ''}`);
  const byType = new Map(Object.entries(result.data));
  const fallback = byType.get('_default');
  const ofType = (type: string) => byType.get(type) ?? fallback;
  return {
    requiredLabels: (type) => ofType(type)?.required ?? [],
    preferredLabels: (type) => ofType(type)?.preferred ?? [],
  };
}

/** The reconciler keys on this text: keep it as the original mesh has it. */
export function unplaceableMessage(type: string, labels: readonly string[]): string {
  return `There are no running instances that meet the label requirements of type ${type}: [${labels.join(', ')}]`;
}
