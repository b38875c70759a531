/** The console's HTTP routes and who may call them. */
export { createGuard, OPEN_TO_ALL, type Guard } from './guard.ts';
export { addRoutes } from './routes.ts';
