import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { kubeAccess, KubeTransport } from '@meshkeeper/kubernetes';
import { startSandbox, type Sandbox } from '../src/index.ts';

export const PODS = '/api/v1/namespaces/default/pods';

/** A sandbox with a node and without processes of ours, for the tests of a file. */
class NodeFixture {
  readonly folder = mkdtempSync(join(tmpdir(), 'node-test-'));
  sandbox!: Sandbox;
  client!: KubeTransport;

  async start(): Promise<void> {
    this.sandbox = await startSandbox({
      folder: this.folder,
      root: import.meta.dirname,
      deploy: join(import.meta.dirname, 'fixtures', 'deploy'),
      processes: false,
      programs: [
        { image: 'example/echo', command: ['node', 'fixtures/programs/echo-server.ts'] },
        { place: 'model-server', command: ['node', '../../../apps/scripted-runtime/src/main.ts'] },
      ],
    });
    this.client = new KubeTransport({ access: kubeAccess({ file: this.sandbox.kubeconfig }) });
  }

  async stop(): Promise<void> {
    await this.client.stop();
    await this.sandbox.stop();
    rmSync(this.folder, { recursive: true, force: true });
  }
}

export function useNode(): NodeFixture {
  const node = new NodeFixture();
  beforeAll(() => node.start());
  afterAll(() => node.stop());
  return node;
}
