import { z } from 'zod';

/**
 * What a run leaves for the key's next one, kept in Redis: only what no server holds. Without it nothing goes wrong; an Event may be sent
 * twice, or a grace period starts again.
 */
const memorySchema = z.object({
  /** When the runtime's last model went, epoch ms. */
  emptySince: z.number().optional(),
  /** Hashes of what was last wanted, by object: a live object that differs from what is still wanted was modified externally. */
  wanted: z.record(z.string(), z.string()).optional(),
  /** Revisions of the Secret that was copied and of its copy. */
  copied: z.object({ from: z.string(), to: z.string() }).optional(),
  /** Its last load failed for want of its storage. A Predictor's status has no room to say so. */
  lackedStorage: z.boolean().optional(),
  /** What was read live for the last plan: it is not watched, and `explain` may lack the right to read it. */
  live: z
    .object({
      tlsSecret: z.union([z.array(z.string()).readonly(), z.literal('missing')]).optional(),
      productConfig: z.boolean().optional(),
      controllerUid: z.string().optional(),
    })
    .optional(),
  /** Hashes of reported conditions that still hold: each is reported once. */
  emittedEvents: z.array(z.string()).optional(),
});

export type Memory = Readonly<z.output<typeof memorySchema>>;

/** Never throws: memory of another form is no memory. */
export function parseMemory(text: string): Memory {
  if (text === '') return {};
  try {
    return memorySchema.catch({}).parse(JSON.parse(text));
  } catch {
    return {};
  }
}
