/** What can be asked before anybody is signed in: an account, and a code for a forgotten password. */

import type { Session } from './http';
import { deviceId } from './http';
import type { Json } from './socket';
import { LineLost, Refused } from './socket';

const PATIENCE_MS = 20_000;

/** Ask one thing on a socket of its own. Throws `Refused`, `LineLost`. */
export function askAsGuest(name: string, params: Json): Promise<Json> {
  return askAll([[name, params]]);
}

/** Tell the server what somebody is called who has just come in by phone. Throws `Refused`, `LineLost`. */
export function callMe(session: Session, firstName: string, lastName: string): Promise<Json> {
  return askAll([
    ['connect', { token: session.token, device_id: session.deviceId }],
    ['user_edit', { first_name: firstName, ...(lastName ? { last_name: lastName } : {}) }],
  ]);
}

/** One after another; the last answer. */
function askAll(requests: readonly (readonly [string, Json])[]): Promise<Json> {
  let at = 0;
  return new Promise((done, fail) => {
    const address = `${location.protocol === 'https:' ? 'wss' : 'ws'}://${location.host}/socket`;
    const socket = new WebSocket(address);
    const end = (how: () => void): void => {
      clearTimeout(timer);
      socket.onclose = null;
      socket.close();
      how();
    };
    const timer = setTimeout(() => end(() => fail(new LineLost())), PATIENCE_MS);
    socket.onclose = () => end(() => fail(new LineLost()));
    const say = (): void => {
      const [name, params] = requests[at]!;
      socket.send(JSON.stringify({ request: { [name]: params, id: at } }));
    };
    socket.onopen = say;
    socket.onmessage = (event) => {
      try {
        const answer = (JSON.parse(String(event.data)) as { response?: Json }).response;
        // Once signed in, one hears other things, too.
        if (!answer || answer.id !== at) return;
        const error = answer.error as { status: number; message: string } | undefined;
        if (!error && ++at < requests.length) return say();
        end(() => (error ? fail(new Refused(error.status, error.message)) : done(answer)));
      } catch {
        end(() => fail(new LineLost()));
      }
    };
  });
}

export function signUp(login: string, password: string, firstName: string, invite: string): Promise<Json> {
  return askAsGuest('user_create', {
    login, password, device_id: deviceId(), ...(firstName ? { first_name: firstName } : {}),
    ...(invite ? { invite } : {}),
  });
}

export function sendCode(email: string): Promise<Json> {
  return askAsGuest('user_send_otp', { email, device_id: deviceId() });
}

export function resetPassword(email: string, code: string, password: string): Promise<Json> {
  return askAsGuest('user_reset_password', {
    email, token: code, new_password: password, device_id: deviceId(),
  });
}
