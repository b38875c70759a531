import { z } from 'zod';

const list = z.object({
  models: z.array(z.object({ modelName: z.string() })),
  nextPageToken: z.coerce.number().optional(),
});
const described = z.array(z.object({ workers: z.array(z.object({ memoryUsage: z.number().default(0) })) }));

/** @throws Error for an answer of another shape */
export function modelPage(message: string): { readonly names: readonly string[]; readonly next: number | undefined } {
  const { models, nextPageToken } = list.parse(JSON.parse(message));
  return { names: models.map(({ modelName }) => modelName), next: nextPageToken };
}

/** Bytes that the workers of a model take, with a tenth more for what they share; undefined while one of them does not report it yet. */
export function workerMemory(message: string): number | undefined {
  const workers = described.parse(JSON.parse(message)).flatMap((version) => version.workers);
  if (workers.length === 0 || workers.some(({ memoryUsage }) => memoryUsage <= 0)) return undefined;
  return Math.ceil(workers.reduce((sum, { memoryUsage }) => sum + memoryUsage, 0) * 1.1);
}

/** TorchServe reports its health as JSON in a string, or as the bare word. */
export function isHealthy(health: string): boolean {
  return /^\s*(?:Healthy|\{\s*"status"\s*:\s*"Healthy"\s*\})\s*$/.test(health);
}
