import { expect, test } from 'vitest';
import { personOf } from '../sync/model';
import { bestFirst } from './names';

const person = (login: string, first_name = '', last_name = '') => personOf({ _id: login, login, first_name, last_name });
const found = (keyword: string, ...people: ReturnType<typeof person>[]) => bestFirst(people, keyword).map((each) => each.login);

test('whose login was typed comes first, then whoever is called something that begins so, then the others as they were', () => {
  const people = [person('joanna', 'Joanna'), person('olga', 'Olga', 'Annenkova'), person('anna2', 'Вера'), person('hanna', 'Hanna'), person('anna', 'Zoe')];
  expect(found('Anna', ...people)).toEqual(['anna', 'anna2', 'joanna', 'olga', 'hanna']);
  expect(found(' ann ', ...people)).toEqual(['olga', 'anna2', 'anna', 'joanna', 'hanna']);
  expect(found('вЕР', ...people)[0]).toBe('anna2');
});

test('a name of two words is looked for as it is written', () => {
  const people = [person('a', 'Joanna', 'Lee'), person('b', 'Anna', 'Lee')];
  expect(found('anna lee', ...people)).toEqual(['b', 'a']);
});
