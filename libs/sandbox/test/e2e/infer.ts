import { connect } from 'node:http2';

/** What became of a call of a model: the gRPC code, and by which pod's model server it was answered. */
export type Inferred = { readonly grpcStatus: string; readonly servedBy: string; readonly servedModel: string };

/** One ModelInfer of the V2 protocol, whose message names the model: field 1. */
export function infer(address: string, vModelId: string): Promise<Inferred> {
  const message = Buffer.concat([Buffer.from([10, vModelId.length]), Buffer.from(vModelId)]);
  const frame = Buffer.concat([Buffer.from([0, 0, 0, 0, message.length]), message]);
  return new Promise((resolve, reject) => {
    const session = connect(`http://${address}`);
    session.on('error', reject);
    const stream = session.request({
      ':method': 'POST',
      ':path': '/inference.GRPCInferenceService/ModelInfer',
      'content-type': 'application/grpc',
      te: 'trailers',
    });
    const seen: Record<string, unknown> = {};
    stream.on('error', reject);
    stream.on('response', (headers) => Object.assign(seen, headers));
    stream.on('trailers', (headers) => Object.assign(seen, headers));
    stream.on('data', () => undefined);
    stream.on('close', () => {
      session.close();
      resolve({
        grpcStatus: String(seen['grpc-status']),
        servedBy: String(seen['served-by']),
        servedModel: String(seen['served-model']),
      });
    });
    stream.end(frame);
  });
}
