import { mkdir, rm } from 'node:fs/promises';
import { modelFolder } from '@meshkeeper/storage';

/** The folders that one kind of server reads its models from, one for each id. */
export type AdaptedModels = {
  readonly root: string;
  /** @throws Error for an id that is no folder's name */
  folderOf(id: string): string;
  /** An empty place for a model, its folder not made yet. */
  clear(id: string): Promise<string>;
  discard(id: string): Promise<void>;
};

export function adaptedModels(root: string): AdaptedModels {
  const folderOf = (id: string): string => modelFolder(root, id);
  const discard = (id: string) => rm(folderOf(id), { recursive: true, force: true });
  return {
    root,
    folderOf,
    clear: async (id) => {
      await discard(id);
      await mkdir(root, { recursive: true });
      return folderOf(id);
    },
    discard,
  };
}
