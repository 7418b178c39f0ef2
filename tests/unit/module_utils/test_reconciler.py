# Copyright: (c) 2026, Pixstory platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The reconciler without AWS: a resource in memory, whose states follow a script."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from typing import Any, NoReturn

import pytest
from botocore.exceptions import ClientError

from ansible_collections.pixstory.platform.plugins.module_utils.reconciler import MASK, Plan, Property, Resource, same


class Answer(Exception):
    """What a module ends with."""

    def __init__(self, result: dict[str, Any]) -> None:
        super().__init__(result.get("msg"))
        self.result = result


class Module:
    """What the reconciler needs of AnsibleAWSModule."""

    def __init__(self, *, check_mode: bool = False, **params: Any) -> None:
        self.params = {"name": "main", "state": "present", "tags": None, "purge_tags": True, **params}
        self.check_mode = check_mode
        self.no_log_values: set[str] = set()

    def exit_json(self, **result: Any) -> NoReturn:
        raise Answer(result)

    def fail_json(self, **result: Any) -> NoReturn:
        raise Answer({"failed": True, **result})

    def fail_json_aws(self, error: Exception, msg: str) -> NoReturn:
        self.fail_json(msg=f"{msg}: {error}")


class Bucket(Resource):
    """A made-up resource."""

    kind = "bucket"
    service = "fake"
    poll_seconds = 0.0
    properties = (
        Property("size", "Size"),
        Property("colour", "Colour", mutable=False),
        Property("key", "Key", secret=True),
        Property("subnets", "SubnetIds", read=lambda d: [one["Id"] for one in d["Subnets"]], unordered=True),
        Property("snapshot", "Snapshot", compare=False),
        Property("version", "Version", equal=lambda declared, present: str(present).startswith(str(declared))),
        Property("policy", "Policy", verbatim=True),
    )

    def __init__(self, module: Module, there: dict[str, Any] | None = None, states: tuple[str, ...] = ()) -> None:
        super().__init__(module)  # type: ignore[arg-type]
        self.there = there
        self.states: Iterator[str] = iter(states)
        self.calls: list[tuple[str, Any]] = []

    def describe(self) -> dict[str, Any] | None:
        if self.there is None:
            return None
        state = next(self.states, None)
        if state == "gone":
            self.there = None
            return None
        return {**self.there, "State": state or "available"}

    def create(self, declared: dict[str, Any]) -> None:
        self.calls.append(("create", declared))
        subnets = [{"Id": one} for one in declared.get("SubnetIds", [])]
        self.there = {**declared, "Subnets": subnets, "Tags": self.boto3_tags()}

    def update(self, description: dict[str, Any], changes: dict[str, Any]) -> None:
        self.calls.append(("update", changes))
        assert self.there is not None
        self.there = {**self.there, **changes}

    def delete(self, description: dict[str, Any]) -> None:
        self.calls.append(("delete", description["State"]))
        self.states = iter(["deleting", "gone"])

    def set_tags(self, description: dict[str, Any], tags: dict[str, str]) -> None:
        self.calls.append(("set_tags", tags))

    def remove_tags(self, description: dict[str, Any], keys: list[str]) -> None:
        self.calls.append(("remove_tags", keys))

    def forming(self, description: dict[str, Any]) -> bool:
        return description["State"] == "creating"

    def busy(self, description: dict[str, Any]) -> bool:
        return description["State"] in ("creating", "modifying")

    def going(self, description: dict[str, Any]) -> bool:
        return description["State"] == "deleting"

    def failed(self, description: dict[str, Any]) -> str | None:
        return "it is broken" if description["State"] == "failed" else None


class Replaceable(Bucket):
    replaceable = True


class Careful(Bucket):
    delete_waits = True

    def required_to_create(self) -> tuple[str, ...]:
        return ("size", "colour")


class Named(Bucket):
    name_tag = True


PRESENT: dict[str, Any] = {
    "Size": 1,
    "Colour": "red",
    "Key": "old secret",
    "Subnets": [{"Id": "a"}, {"Id": "b"}],
    "Version": "17.5",
    "Tags": [{"Key": "Project", "Value": "pixstory"}, {"Key": "Role", "Value": "web"}],
}


def run(resource: Bucket) -> dict[str, Any]:
    with pytest.raises(Answer) as answer:
        resource.run()
    return answer.value.result


def plan(declared: dict[str, Any], there: dict[str, Any] | None = PRESENT, kind: type[Bucket] = Bucket) -> Plan:
    resource = kind(Module(**declared), there)
    return resource.plan(resource.describe())


@pytest.mark.parametrize(
    ("declared", "present", "unordered", "expected"),
    [
        ("a", "a", False, True),
        ("a", "b", False, False),
        (1, "1", False, True),
        (1.5, 1.5, False, True),
        (2, 2.0, False, True),
        (1, 2, False, False),
        (True, None, False, False),
        (False, None, False, True),
        (True, "yes", False, True),
        ("", None, False, True),
        ([], None, False, True),
        (0, None, False, True),
        ("a", None, False, False),
        ([1, 2], [1, 2], False, True),
        ([1, 2], [2, 1], False, False),
        ([1, 2], [2, 1], True, True),
        ([1, 1], [1, 2], True, False),
        ([1], [1, 2], True, False),
        ({"a": 1}, {"a": 1, "b": 2}, False, True),
        ({"a": 1, "b": None}, {"a": 1, "b": 2}, False, True),
        ({"a": 1}, {"b": 1}, False, False),
        ({"a": [1, 2]}, {"a": [2, 1]}, True, True),
        ([{"a": 1}, {"a": 2}], [{"a": 2, "b": 0}, {"a": 1}], True, True),
    ],
)
def test_same(declared: Any, present: Any, unordered: bool, expected: bool) -> None:
    assert same(declared, present, unordered) is expected


@pytest.mark.parametrize(
    ("declared", "changes"),
    [
        ({}, {}),
        ({"size": None, "subnets": None}, {}),
        ({"size": 1, "colour": "red", "key": "old secret"}, {}),
        ({"size": 2}, {"Size": 2}),
        ({"size": 0}, {"Size": 0}),
        ({"subnets": ["b", "a"]}, {}),
        ({"subnets": ["a"]}, {"SubnetIds": ["a"]}),
        ({"subnets": []}, {"SubnetIds": []}),
        ({"snapshot": "other"}, {}),
        ({"version": "17"}, {}),
        ({"version": "18"}, {"Version": "18"}),
    ],
)
def test_only_what_is_declared_and_differs_is_changed(declared: dict[str, Any], changes: dict[str, Any]) -> None:
    found = plan(declared)
    assert found.changes == changes
    assert found.action == ("update" if changes else "none")
    assert found.changed is bool(changes)


def test_the_diff_shows_what_differs_and_masks_secrets() -> None:
    found = plan({"size": 2, "colour": "red", "key": "new secret", "subnets": ["a", "c"]})
    assert found.before == {"size": 1, "key": MASK, "subnets": ["a", "b"]}
    assert found.after == {"size": 2, "key": MASK, "subnets": ["a", "c"]}
    assert found.changes["Key"] == "new secret"


def test_the_diff_of_a_creation_masks_secrets_too() -> None:
    found = plan({"size": 2, "key": "new secret", "tags": {"Role": "web"}}, there=None)
    assert found.action == "create"
    assert found.before == {"state": "absent"}
    assert found.after == {"state": "present", "size": 2, "key": MASK, "tags": {"Role": "web"}}


def test_an_immutable_property_is_refused() -> None:
    with pytest.raises(Answer, match=r"cannot change colour in place \(colour: 'red' -> 'blue'\)"):
        plan({"colour": "blue", "size": 2})


def test_a_replaceable_resource_is_replaced() -> None:
    assert plan({"colour": "blue"}, kind=Replaceable).action == "replace"
    resource = Replaceable(Module(colour="blue", size=1), PRESENT)
    result = run(resource)
    assert result["action"] == "replace"
    assert [name for name, _ in resource.calls] == ["delete", "create"]
    assert result["resource"]["colour"] == "blue"


def test_creation_needs_more() -> None:
    with pytest.raises(Answer, match="does not exist; to create it, give also colour"):
        plan({"size": 1}, there=None, kind=Careful)
    assert plan({"size": 2}, kind=Careful).action == "update"


@pytest.mark.parametrize(
    ("tags", "purge", "set_", "removed"),
    [
        (None, True, {}, []),
        ({}, True, {}, ["Project", "Role"]),
        ({}, False, {}, []),
        ({"Project": "pixstory", "Role": "web"}, True, {}, []),
        ({"Project": "other"}, True, {"Project": "other"}, ["Role"]),
        ({"Project": "other"}, False, {"Project": "other"}, []),
    ],
)
def test_tags(tags: dict[str, str] | None, purge: bool, set_: dict[str, str], removed: list[str]) -> None:
    found = plan({"tags": tags, "purge_tags": purge})
    assert (found.tags_to_set, sorted(found.tags_to_remove)) == (set_, removed)
    assert found.action == ("update" if set_ or removed else "none")


def test_the_diff_of_tags_shows_all_of_them() -> None:
    found = plan({"tags": {"Project": "other"}, "purge_tags": False})
    assert found.before == {"tags": {"Project": "pixstory", "Role": "web"}}
    assert found.after == {"tags": {"Project": "other", "Role": "web"}}


def test_tags_are_set_without_an_update() -> None:
    resource = Bucket(Module(size=1, tags={"Role": "app"}), PRESENT)
    assert run(resource)["changed"]
    assert resource.calls == [("remove_tags", ["Project"]), ("set_tags", {"Role": "app"})]


def test_a_resource_known_by_its_name_tag_keeps_it() -> None:
    named = {**PRESENT, "Tags": [{"Key": "Name", "Value": "main"}, {"Key": "Role", "Value": "web"}]}
    assert plan({}, there=named, kind=Named).action == "none"
    found = plan({"tags": {}}, there=named, kind=Named)
    assert (found.tags_to_set, found.tags_to_remove) == ({}, ["Role"])


@pytest.mark.parametrize(
    ("params", "there", "action"),
    [
        ({"size": 1}, None, "create"),
        ({"size": 2}, PRESENT, "update"),
        ({"size": 1}, PRESENT, "none"),
        ({"state": "absent"}, PRESENT, "delete"),
        ({"state": "absent"}, None, "none"),
    ],
)
def test_check_mode_foresees_and_writes_nothing(
    params: dict[str, Any], there: dict[str, Any] | None, action: str
) -> None:
    foreseen = Bucket(Module(check_mode=True, wait=True, **params), there)
    expected = run(foreseen)
    assert foreseen.calls == []
    real = Bucket(Module(wait=True, **params), there)
    done = run(real)
    assert [name for name, _ in real.calls] == ([] if action == "none" else [action])
    for result in (expected, done):
        assert (result["action"], result["changed"]) == (action, action != "none")
    assert expected.get("diff") == done.get("diff")


def test_what_would_be_created_is_returned_empty() -> None:
    assert run(Bucket(Module(check_mode=True, size=1), None))["resource"] == {}
    assert run(Bucket(Module(size=1), None))["resource"]["size"] == 1


def test_an_update_waits_until_aws_takes_it() -> None:
    resource = Bucket(Module(size=2), PRESENT, states=("modifying", "modifying", "modifying"))
    assert run(resource)["changed"]
    assert next(resource.states, "all seen") == "all seen"
    assert resource.calls == [("update", {"Size": 2})]


def test_after_the_wait_it_is_compared_again() -> None:
    """Somebody else's change, under way when the run starts, may be the very one that was declared."""
    resource = Bucket(Module(size=2), PRESENT, states=("modifying", "available"))
    describe = resource.describe

    def soon_done() -> dict[str, Any] | None:
        description = describe()
        if description and description["State"] == "available":
            description["Size"] = 2
        return description

    resource.describe = soon_done  # type: ignore[method-assign]
    assert run(resource)["action"] == "none"
    assert resource.calls == []


@pytest.mark.parametrize(("wait", "state", "action"), [(False, "creating", "none"), (True, "available", "update")])
def test_what_is_being_made_is_not_compared(wait: bool, state: str, action: str) -> None:
    resource = Bucket(Module(size=2, wait=wait), PRESENT, states=("creating", "creating") if wait else ("creating",))
    result = run(resource)
    assert (result["resource"]["state"], result["action"]) == (state, action)


def test_a_run_that_changes_nothing_still_waits() -> None:
    resource = Bucket(Module(size=1, wait=True), PRESENT, states=("modifying", "modifying"))
    result = run(resource)
    assert (result["changed"], result["resource"]["state"]) == (False, "available")


def test_deletion_waits_until_it_is_gone() -> None:
    resource = Bucket(Module(state="absent", wait=True), PRESENT)
    assert run(resource)["changed"]
    assert resource.there is None


def test_deletion_waits_for_a_busy_resource_where_aws_wants_that() -> None:
    for kind, state in ((Bucket, "modifying"), (Careful, "available")):
        resource = kind(Module(state="absent"), PRESENT, states=("modifying", "modifying"))
        resource.states = iter(["modifying", "modifying"])
        resource.delete = lambda d, calls=resource.calls: calls.append(d["State"])  # type: ignore[method-assign,misc]
        run(resource)
        assert len(resource.calls) == 1
        assert next(resource.states, "all seen") == ("modifying" if state == "modifying" else "all seen")


def test_what_is_being_deleted_is_not_deleted_again() -> None:
    resource = Bucket(Module(state="absent", wait=True), PRESENT, states=("deleting", "deleting", "gone"))
    assert not run(resource)["changed"]
    assert resource.calls == []
    assert resource.there is None


def test_what_is_being_deleted_is_made_again_once_it_is_gone() -> None:
    resource = Bucket(Module(size=3), PRESENT, states=("deleting", "deleting", "gone"))
    assert run(resource)["action"] == "create"
    assert resource.calls == [("create", {"Size": 3})]


def test_check_mode_does_not_wait_for_a_deletion() -> None:
    resource = Bucket(Module(size=3, check_mode=True), PRESENT, states=("deleting", "gone"))
    assert run(resource)["action"] == "create"
    assert resource.there is not None


def test_what_failed_is_reported_at_once() -> None:
    result = run(Bucket(Module(size=2, wait=True), PRESENT, states=("modifying", "failed", "available")))
    assert result["failed"]
    assert "bucket main failed: it is broken" in result["msg"]


def test_what_failed_can_be_deleted() -> None:
    resource = Bucket(Module(state="absent", wait=True), PRESENT, states=("failed",))
    resource.delete = lambda d: setattr(resource, "states", iter(["failed", "gone"]))  # type: ignore[method-assign]
    assert run(resource)["changed"]


def test_waiting_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    slept: list[float] = []
    monkeypatch.setattr(time, "monotonic", lambda: sum(slept))
    monkeypatch.setattr(time, "sleep", slept.append)
    monkeypatch.setattr(Bucket, "poll_seconds", 5.0)
    result = run(Bucket(Module(size=2, wait=True, wait_timeout=60), PRESENT, states=("modifying",) * 1000))
    assert result["msg"].startswith("Timed out after 60 s: waited for bucket main")
    assert "raise wait_timeout" in result["msg"]
    assert 50 < sum(slept) <= 60
    assert (slept[0], slept[-1]) == (0.2, 5.0)


def test_an_error_of_aws_says_what_was_tried() -> None:
    resource = Bucket(Module(size=2), PRESENT)
    error = ClientError({"Error": {"Code": "AccessDenied", "Message": "no"}}, "ModifyBucket")

    def update(description: dict[str, Any], changes: dict[str, Any]) -> None:
        raise error

    resource.update = update  # type: ignore[method-assign]
    assert run(resource)["msg"].startswith("Cannot update bucket main: ")


class Pages:
    """A boto3 client with one paginated operation."""

    def __init__(self, *pages: dict[str, Any]) -> None:
        self.pages = pages

    def get_paginator(self, operation: str) -> Pages:
        return self

    def paginate(self, **arguments: Any) -> tuple[dict[str, Any], ...]:
        return self.pages


@pytest.mark.parametrize(
    ("key", "pages"),
    [
        ("Items", ({"Items": [{"Id": 1}]}, {}, {"Items": [{"Id": 2}]})),
        ("Outer.Items", ({"Outer": {"Items": [{"Id": 1}, {"Id": 2}]}}, {"Outer": {}}, {})),
    ],
)
def test_all_pages_are_read(key: str, pages: tuple[dict[str, Any], ...]) -> None:
    resource = Bucket(Module())
    resource._clients["fake"] = Pages(*pages)
    assert resource.pages("describe_items", key) == [{"Id": 1}, {"Id": 2}]


@pytest.mark.parametrize(("missing", "raises"), [(("NotFound",), False), (("Other",), True)])
def test_what_is_not_there_is_none(missing: tuple[str, ...], raises: bool) -> None:
    resource = Bucket(Module())

    class Client:
        def describe(self, **arguments: Any) -> NoReturn:
            raise ClientError({"Error": {"Code": "NotFound", "Message": "none"}}, "Describe")

    resource._clients["fake"] = Client()
    if raises:
        with pytest.raises(ClientError):
            resource.call_or_none("describe", missing=missing)
    else:
        assert resource.call_or_none("describe", missing=missing) is None


def test_what_is_not_there_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """Even where the same code is worth another try in other calls."""
    monkeypatch.setattr(Bucket, "extra_retry_codes", ("NotFound", "Busy"))
    slept: list[float] = []
    monkeypatch.setattr(time, "sleep", slept.append)
    resource = Bucket(Module())
    codes = iter(["Busy", "NotFound"])

    class Client:
        def describe(self, **arguments: Any) -> NoReturn:
            raise ClientError({"Error": {"Code": next(codes), "Message": "none"}}, "Describe")

    resource._clients["fake"] = Client()
    assert resource.call_or_none("describe", missing=("NotFound",)) is None
    assert len(slept) == 1


class Unseen(Bucket):
    """One that AWS does not describe at once."""

    unseen = 0

    def create(self, declared: dict[str, Any]) -> None:
        super().create(declared)
        self.unseen = 2

    def describe(self) -> dict[str, Any] | None:
        self.unseen -= 1
        return None if self.unseen >= 0 else super().describe()


def test_what_was_made_is_waited_for_until_aws_describes_it() -> None:
    assert run(Unseen(Module(size=1)))["resource"]["size"] == 1


def test_what_aws_never_describes_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Unseen, "shown_seconds", -1)
    assert "bucket main was made, and AWS does not describe it" in run(Unseen(Module(size=1)))["msg"]


def test_a_policy_is_returned_in_its_own_words() -> None:
    policy = {"Statement": [{"Condition": {"StringEquals": {"aws:SourceAccount": "1"}}}]}
    result = run(Bucket(Module(), {**PRESENT, "Policy": policy, "Owner": {"DisplayName": "me"}}))
    assert result["resource"]["policy"] == policy
    assert result["resource"]["owner"] == {"display_name": "me"}


def test_a_hidden_value_is_masked_by_ansible() -> None:
    module = Module()
    assert Bucket(module).hide("secret") == "secret"
    assert module.no_log_values == {"secret"}


class Reading(Bucket):
    """One with a client, which reading in parallel needs."""

    def client(self, service: str | None = None) -> Any:
        self.calls.append(("client", threading.current_thread() is threading.main_thread()))
        return self


def test_reads_together_wait_for_one_another_only() -> None:
    resource, met = Reading(Module()), threading.Barrier(3, timeout=10)

    def read(value: str) -> str:
        met.wait()  # which nobody passes alone
        return value

    assert resource.together(lambda: read("a"), lambda: read("b"), lambda: read("c")) == ["a", "b", "c"]
    assert resource.calls == [("client", True)]
    assert resource.together() == []


def test_a_read_that_fails_is_told() -> None:
    with pytest.raises(ZeroDivisionError):
        Reading(Module()).together(lambda: 1, lambda: 1 // 0)
