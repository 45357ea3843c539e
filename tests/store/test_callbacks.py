"""Callbacks at rest, with their courses."""

import pytest

from tertulia.core.callbacks import FAREWELL, KIND, NewCallback
from tertulia.core.calls import Course
from tertulia.core.errors import NotFound
from tertulia.core.events import CallbackReplaced, HookChanged
from tertulia.core.ids import AccountId, HookId
from tertulia.store.callbacks import SqlCallbacks
from tertulia.store.courses import SqlCourses
from tests.store.world import InStore, World


def new(
    address: str, word: str = "s", *, deliverable: bool = True, own: bool = False
) -> NewCallback:
    return NewCallback(address, deliverable, word, own)


def test_a_callback_begins_with_what_comes_after_it(in_store: InStore) -> None:
    async def story(world: World) -> None:
        anna = await world.person("anna")
        kept = await SqlCallbacks(world.engine).keep(anna.account_id, new("http://a/"), world.now)
        course = Course(kept.id, KIND, kept.id)
        assert await SqlCourses(world.engine).all() == [course]
        assert await SqlCourses(world.engine).find(kept.id) == course
        assert await SqlCallbacks(world.engine).all() == [kept]
        assert await SqlCallbacks(world.engine).present(kept.id) == kept
        assert world.told(CallbackReplaced) == []
        assert world.told(HookChanged) == [HookChanged(kept.id, KIND)]

    in_store(story)


def test_the_same_address_again_keeps_its_secret(in_store: InStore) -> None:
    async def story(world: World) -> None:
        anna = await world.person("anna")
        callbacks = SqlCallbacks(world.engine)
        first = await callbacks.keep(anna.account_id, new("http://a/", "one"), world.now)
        again = await callbacks.keep(anna.account_id, new("http://a/", "two", own=True), world.now)
        assert again == first._replace(own=True)
        assert await callbacks.find(first.id) == again
        assert world.told(HookChanged)[1:] == [HookChanged(first.id, KIND, anew=False)]

    in_store(story)


def test_another_address_begins_with_the_change_which_the_old_one_hears_alone(
    in_store: InStore,
) -> None:
    async def story(world: World) -> None:
        anna = await world.person("anna")
        callbacks = SqlCallbacks(world.engine)
        first = await callbacks.keep(anna.account_id, new("http://a/"), world.now)
        world.heard.clear()
        second = await callbacks.keep(anna.account_id, new("http://b/", "other"), world.now)
        begun, farewell = await SqlCourses(world.engine).all()
        assert begun == Course(second.id, KIND, second.id)
        assert farewell == Course(farewell.hook_id, FAREWELL, farewell.hook_id - 1)
        assert farewell.hook_id > second.id
        assert world.told(HookChanged) == [
            HookChanged(first.id, KIND),
            HookChanged(farewell.hook_id, FAREWELL),
            HookChanged(second.id, KIND),
        ]
        assert await callbacks.present(first.id) is None
        assert await callbacks.present(farewell.hook_id) is None
        change = await callbacks.change(farewell.hook_id)
        assert change is not None
        assert (change.old, change.new) == ("http://a/", "http://b/")
        old = await callbacks.find(farewell.hook_id)
        assert old == first._replace(id=farewell.hook_id)
        assert await callbacks.all() == [second]
        assert len(world.told(CallbackReplaced)) == 1
        await callbacks.drop_one(farewell.hook_id)
        assert await callbacks.find(farewell.hook_id) is None
        assert await SqlCourses(world.engine).all() == [begun]
        assert world.told(HookChanged)[-1].hook_id == farewell.hook_id

    in_store(story)


def test_what_is_no_address_has_no_course(in_store: InStore) -> None:
    async def story(world: World) -> None:
        anna = await world.person("anna")
        callbacks = SqlCallbacks(world.engine)
        await callbacks.keep(anna.account_id, new("fridge", deliverable=False), world.now)
        assert await SqlCourses(world.engine).all() == []
        await callbacks.keep(anna.account_id, new("freezer", deliverable=False), world.now)
        assert len(world.told(CallbackReplaced)) == 1
        assert await SqlCourses(world.engine).all() == []

    in_store(story)


def test_to_stop_is_to_have_none_and_replaces_nothing(in_store: InStore) -> None:
    async def story(world: World) -> None:
        anna = await world.person("anna")
        callbacks = SqlCallbacks(world.engine)
        kept = await callbacks.keep(anna.account_id, new("http://a/"), world.now)
        for _ in range(2):
            await callbacks.drop(anna.account_id)
        assert world.told(HookChanged) == [HookChanged(kept.id, KIND)] * 2
        assert await SqlCourses(world.engine).all() == []
        await callbacks.keep(anna.account_id, new("http://b/"), world.now)
        assert world.told(CallbackReplaced) == []

    in_store(story)


def test_who_is_gone_has_no_callback(in_store: InStore) -> None:
    async def story(world: World) -> None:
        anna = await world.person("anna")
        callbacks = SqlCallbacks(world.engine)
        kept = await callbacks.keep(anna.account_id, new("http://a/"), world.now)
        await world.accounts.remove(anna, world.now)
        assert await callbacks.find(kept.id) is None
        assert await callbacks.all() == []
        assert await SqlCourses(world.engine).all() == []
        assert world.told(HookChanged)[-1] == HookChanged(kept.id, KIND)
        with pytest.raises(NotFound):
            await callbacks.keep(anna.account_id, new("http://a/"), world.now)
        with pytest.raises(NotFound):
            await callbacks.keep(AccountId(5), new("http://a/"), world.now)

    in_store(story)


def test_a_course_moves_on_and_never_back(in_store: InStore) -> None:
    async def story(world: World) -> None:
        anna = await world.person("anna")
        kept = await SqlCallbacks(world.engine).keep(anna.account_id, new("http://a/"), world.now)
        number = kept.id
        courses = SqlCourses(world.engine)
        await courses.failed(number, 2, 1_000, 500)
        assert await courses.all() == [Course(number, KIND, number, 2, 1_000, 500)]
        await courses.moved(number, number + 5, 500)
        assert await courses.all() == [Course(number, KIND, number + 5, failing_since=500)]
        await courses.moved(number, number + 4, None)
        assert await courses.all() == [Course(number, KIND, number + 5, failing_since=500)]
        await courses.moved(HookId(1), 5, None)
        await courses.failed(HookId(1), 1, 1, 1)
        assert len(await courses.all()) == 1

    in_store(story)
