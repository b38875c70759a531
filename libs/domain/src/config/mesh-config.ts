import type { z } from 'zod';
import { meshConfigSchema } from './schema.ts';

type Frozen<T> = T extends readonly (infer Item)[]
  ? readonly Frozen<Item>[]
  : T extends object
    ? { readonly [Key in keyof T]: Frozen<T[Key]> }
    : T;

/** The configuration as everybody else reads it: complete, but for what a rendering revision decides. */
export type MeshConfig = Frozen<z.output<typeof meshConfigSchema>>;
/** An image as the user gave it. */
export type ImageConfig = MeshConfig['modelMeshImage'];
/** Canonical quantities, and only those that the user gave. */
export type ResourceConfig = MeshConfig['modelMeshResources'];

export const DEFAULT_CONFIG: MeshConfig = meshConfigSchema.parse({});
