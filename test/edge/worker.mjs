// The scenario as a Worker: settings come in the body of the request.
import * as tsclone from 'tsclone-edge-entry';
import { scenario } from './scenario.mjs';

export default {
  async fetch(request) {
    try {
      return Response.json(await scenario(tsclone, await request.json()));
    } catch (e) {
      return new Response(`${e.stack ?? e}`, { status: 500 });
    }
  },
};
