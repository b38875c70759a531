import type { RequestListener, Server } from 'node:http';
import Fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest, type HTTPMethods } from 'fastify';
import type { HeaderList } from '@meshkeeper/grpc';
import type { Logger } from '@meshkeeper/process';
import { errorBody, GRPC_CODES, httpStatusOf, RestError } from '@meshkeeper/open-inference/json';
import { openApi } from './open-api.ts';
import { answerHeaders, parseTimeout, requestMetadata } from './request-metadata.ts';
import { ROUTES, type RestCall, type RestParts, type Route } from './routes.ts';

const METHODS: readonly HTTPMethods[] = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'TRACE'];
const FORM = 'application/x-www-form-urlencoded';
const MEDIA_TYPE = /^[\w!#$&.+^-]+\/[\w!#$&.+^-]+(;.*)?$/;
const BAD_REQUEST = 400;
/** Names are as long as they are. */
const MAX_PARAM_LENGTH = 65_536;

export type RestAppOptions = RestParts & {
  readonly logger: Logger;
  /** Makes the server that listens; plain HTTP without it. */
  readonly createServer?: (handler: RequestListener) => Server;
};

/** The routes of REST, on a server that does not listen yet. Every failure is sent in the envelope. */
export function createRestApp(options: RestAppOptions): FastifyInstance {
  const { createServer, logger } = options;
  const app = Fastify({
    logger: false,
    forceCloseConnections: 'idle',
    return503OnClosing: false,
    exposeHeadRoutes: false,
    routerOptions: { maxParamLength: MAX_PARAM_LENGTH },
    frameworkErrors: (error, _request, reply) => sendError(reply, toRestError(error, logger)),
    ...(createServer !== undefined && { serverFactory: createServer }),
  });
  acceptAnyBody(app);
  closeConnectionsAtEnd(app);
  app.setErrorHandler((error, _request, reply) => sendError(reply, toRestError(error, logger)));
  app.setNotFoundHandler((_request, reply) => sendError(reply, notFound()));
  const routes: readonly Route[] = [...ROUTES, describe(ROUTES)];
  for (const route of routes) addRoute(app, route, options);
  return app;
}

/** A body of any type, or of something that is no type, is read where it is used. */
function acceptAnyBody(app: FastifyInstance): void {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', (_request, body, done) => done(null, body));
  app.addHook('onRequest', (request, _reply, done) => {
    const { headers } = request.raw;
    const type = headers['content-type'];
    if (type !== undefined && !MEDIA_TYPE.test(type)) headers['content-type'] = 'application/octet-stream';
    done();
  });
}

/** A connection whose call runs when the server closes would otherwise be held open by its client, and the server with it. */
function closeConnectionsAtEnd(app: FastifyInstance): void {
  let isClosing = false;
  app.addHook('preClose', (done) => {
    isClosing = true;
    done();
  });
  app.addHook('onSend', (_request, reply, _body, done) => {
    if (isClosing) void reply.header('connection', 'close');
    done();
  });
}

function describe(routes: readonly Route[]): Route {
  const path = '/openapi.json';
  const answer = async (): Promise<string> => description;
  const route: Route = { method: 'GET', path, summary: 'This description', answer };
  const description = openApi([...routes, route]);
  return route;
}

function addRoute(app: FastifyInstance, route: Route, parts: RestParts): void {
  const handle = async (request: FastifyRequest, reply: FastifyReply): Promise<void> => {
    if (!isNamed(request)) throw notFound();
    const { call, header } = toCall(request, reply);
    const body = await route.answer(call, parts).catch((error: unknown) => {
      void reply.headers(header());
      throw error;
    });
    await reply.code(200).headers(header()).header('content-type', 'application/json').send(toBytes(body));
  };
  const refuse = async (request: FastifyRequest, reply: FastifyReply): Promise<void> => {
    // As in the original: what can be asked by GET can be asked by a form.
    if (route.method === 'GET' && request.method === 'POST' && request.headers['content-type'] === FORM)
      return handle(request, reply);
    throw isNamed(request) ? new RestError(GRPC_CODES.UNIMPLEMENTED, 'Method Not Allowed') : notFound();
  };
  app.route({ method: route.method, url: route.path, handler: handle });
  app.route({ method: METHODS.filter((method) => method !== route.method), url: route.path, handler: refuse });
}

function toCall(
  request: FastifyRequest,
  reply: FastifyReply,
): { readonly call: RestCall; readonly header: () => Record<string, string[]> } {
  const { name = '', version = '' } = request.params as { readonly name?: string; readonly version?: string };
  const gone = new AbortController();
  reply.raw.once('close', () => {
    if (!reply.raw.writableFinished) gone.abort();
  });
  let header: Record<string, string[]> = {};
  const backendCall = {
    metadata: requestMetadata({ headers: request.raw.headers, address: request.ip }),
    signal: gone.signal,
    timeoutMs: parseTimeout(request.headers['grpc-timeout'] as string | undefined),
    onHeaders: (headers: HeaderList) => {
      header = answerHeaders(headers);
    },
  };
  return { call: { name, version, body: request.raw, backendCall }, header: () => header };
}

/** Fastify takes nothing for a name. */
function isNamed({ params }: FastifyRequest): boolean {
  return Object.values(params as object).every((part) => part !== '');
}

function notFound(): RestError {
  return new RestError(GRPC_CODES.NOT_FOUND, 'Not Found');
}

/** What Fastify itself refuses is a bad request; anything else that is no RestError is unexpected. */
function toRestError(error: unknown, logger: Logger): RestError {
  if (error instanceof RestError) return error;
  const { statusCode, message } = error as { readonly statusCode?: number; readonly message?: string };
  if (statusCode !== undefined && statusCode >= BAD_REQUEST && statusCode < 500)
    return new RestError(GRPC_CODES.INVALID_ARGUMENT, message ?? 'Bad Request');
  logger.error({ err: error }, 'A request failed for a reason that was not foreseen');
  return new RestError(GRPC_CODES.UNKNOWN, 'unexpected failure');
}

function sendError(reply: FastifyReply, { code, message }: RestError): void {
  void reply
    .code(httpStatusOf(code))
    .header('content-type', 'application/json')
    .send(toBytes(errorBody(code, message)));
}

/** To a text Fastify would add a charset, of which JSON knows nothing. */
function toBytes(body: string | Buffer): Buffer {
  return typeof body === 'string' ? Buffer.from(body) : body;
}
