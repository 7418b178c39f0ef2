# Copyright: (c) 2026, Pixstory platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The one reconciler under every module of this collection that makes an AWS resource.

A module says what its resource is: a :class:`Resource` with a list of :class:`Property` and four API calls
(describe, create, update, delete). The reconciler does the rest, the same way for each of them:

    describe -> compare with what was declared -> create | update | replace | delete | nothing -> wait -> describe

and with it check mode, ``--diff`` (secrets masked), tags, retries, waiting and the wording of errors.

Three rules hold for every resource:

* A parameter that is not given (``None``) is left alone, on creation and afterwards.
* Check mode makes no write call and predicts the result.
* A property that AWS cannot change in place is refused with a message, or, where the resource carries no data
  (``replaceable``), the resource is replaced.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, ClassVar, NoReturn

try:
    from botocore.exceptions import BotoCoreError, ClientError
except ImportError:  # AnsibleAWSModule reports the missing library
    BotoCoreError = ClientError = Exception  # type: ignore[misc,assignment]

from ansible.module_utils.common.dict_transformations import camel_dict_to_snake_dict
from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule
from ansible_collections.amazon.aws.plugins.module_utils.tagging import (
    ansible_dict_to_boto3_tag_list,
    boto3_tag_list_to_ansible_dict,
    compare_aws_tags,
)

from ansible_collections.pixstory.platform.plugins.module_utils import retries

MASK = "VALUE_SPECIFIED_IN_NO_LOG_PARAMETER"

TAG_ARGUMENTS: dict[str, Any] = {
    "tags": {"type": "dict", "aliases": ["resource_tags"]},
    "purge_tags": {"type": "bool", "default": True},
}
WAIT_ARGUMENTS: dict[str, Any] = {
    "wait": {"type": "bool", "default": True},
    "wait_timeout": {"type": "int", "default": 900},
}
STATE_ARGUMENT: dict[str, Any] = {"state": {"choices": ["present", "absent"], "default": "present"}}


@dataclass(frozen=True)
class Property:
    """One declared property of a resource and where AWS keeps it.

    :param param: the module's parameter.
    :param api: the key in the create and update requests, for example ``MultiAZ``.
    :param read: returns the present value from the description; by default ``description.get(api)``.
    :param mutable: whether AWS changes it in place.
    :param unordered: a list whose order means nothing.
    :param secret: never shown in a diff.
    :param compare: false for what only creation takes (a snapshot to restore from, say).
    :param verbatim: taken as it is declared, with what is null in it, and returned as it is: a policy is AWS's text.
    :param equal: tells whether the declared and the present value mean the same, where :func:`same` cannot (a policy).
    """

    param: str
    api: str
    read: Callable[[dict[str, Any]], Any] | None = None
    mutable: bool = True
    unordered: bool = False
    secret: bool = False
    compare: bool = True
    verbatim: bool = False
    equal: Callable[[Any, Any], bool] | None = None

    def current(self, description: dict[str, Any]) -> Any:
        return self.read(description) if self.read else description.get(self.api)

    def comparable(self, declared: Any, present: Any) -> Any:
        """What a diff shows of the present value: of a dictionary, the keys that were declared."""
        if isinstance(declared, dict) and isinstance(present, dict) and not self.equal:
            return {key: present.get(key) for key in declared}
        return present

    def holds(self, declared: Any, present: Any) -> bool:
        return self.equal(declared, present) if self.equal else same(declared, present, self.unordered)


@dataclass
class Plan:
    """What has to be done to make a resource what was declared."""

    action: str = "none"  # none | create | update | replace | delete
    changes: dict[str, Any] = field(default_factory=dict)  # API key -> value to set
    before: dict[str, Any] = field(default_factory=dict)  # parameter -> value, of what differs
    after: dict[str, Any] = field(default_factory=dict)
    tags_to_set: dict[str, str] = field(default_factory=dict)
    tags_to_remove: list[str] = field(default_factory=list)

    @property
    def changed(self) -> bool:
        return self.action != "none"


def given(value: Any) -> Any:
    """``value`` without the suboptions that were not given."""
    if isinstance(value, dict):
        return {key: given(item) for key, item in value.items() if item is not None}
    return [given(item) for item in value] if isinstance(value, list) else value


def same(declared: Any, present: Any, unordered: bool = False) -> bool:
    """Whether ``present`` already is what was declared.

    In dictionaries only the declared keys count: AWS fills in defaults for the others.
    """
    if isinstance(declared, dict) and isinstance(present, dict):
        return all(same(value, present.get(key), unordered) for key, value in declared.items() if value is not None)
    if isinstance(declared, list) and isinstance(present, list | tuple):
        if len(declared) != len(present):
            return False
        if unordered:
            left = list(present)
            for item in declared:
                match = next((other for other in left if same(item, other, unordered)), None)
                if match is None:
                    return False
                left.remove(match)
            return True
        return all(same(one, other, unordered) for one, other in zip(declared, present, strict=True))
    if isinstance(declared, bool) or isinstance(present, bool):
        return bool(declared) == bool(present)
    if isinstance(declared, int | float) and isinstance(present, int | float):
        return declared == present
    if declared is None or present is None:
        return not declared and not present
    return str(declared) == str(present)


class Resource:
    """Base of every resource. A subclass gives the class attributes and the four API calls."""

    kind: ClassVar[str]  # for messages, "VPC flow log"
    service: ClassVar[str]  # boto3 service, "ec2"
    name_param: ClassVar[str] = "name"
    properties: ClassVar[tuple[Property, ...]] = ()
    replaceable: ClassVar[bool] = False  # whether a change of an immutable property may replace the resource
    result_key: ClassVar[str] = "resource"
    name_tag: ClassVar[bool] = False  # whether the resource is known by its Name tag, which is then always declared
    extra_retry_codes: ClassVar[tuple[str, ...]] = ()
    delete_waits: ClassVar[bool] = False  # whether AWS refuses to delete the resource while it is busy
    poll_seconds: ClassVar[float] = 10.0
    shown_seconds: ClassVar[float] = 120.0  # until AWS describes what it has just made

    def __init__(self, module: AnsibleAWSModule) -> None:
        self.module = module
        self.params = module.params
        if self.name_tag:
            if self.params.get("tags") is None:
                self.params["purge_tags"] = False  # only the Name tag is declared then
            self.params["tags"] = {**(self.params.get("tags") or {}), "Name": self.name}
        self.step = "read"
        self._clients: dict[str, Any] = {}

    # What a subclass gives

    def describe(self) -> dict[str, Any] | None:
        """The resource as AWS describes it, or None."""
        raise NotImplementedError

    def create(self, declared: dict[str, Any]) -> None:
        raise NotImplementedError

    def update(self, description: dict[str, Any], changes: dict[str, Any]) -> None:
        raise NotImplementedError

    def delete(self, description: dict[str, Any]) -> None:
        raise NotImplementedError

    def current_tags(self, description: dict[str, Any]) -> dict[str, str]:
        tags = description.get("Tags") or description.get("TagList") or description.get("TagSet") or {}
        return tags if isinstance(tags, dict) else boto3_tag_list_to_ansible_dict(tags)

    def set_tags(self, description: dict[str, Any], tags: dict[str, str]) -> None:
        raise NotImplementedError

    def remove_tags(self, description: dict[str, Any], keys: list[str]) -> None:
        raise NotImplementedError

    def busy(self, description: dict[str, Any]) -> bool:
        """True while AWS works on the resource and refuses changes (creating, modifying)."""
        return False

    def forming(self, description: dict[str, Any]) -> bool:
        """True while AWS is making the resource and does not describe all of it yet: then nothing is compared."""
        return False

    def going(self, description: dict[str, Any]) -> bool:
        """True once the resource is being deleted."""
        return False

    def ready(self, description: dict[str, Any]) -> bool:
        """True once the resource serves; by default as soon as AWS has stopped working on it."""
        return not self.busy(description)

    def failed(self, description: dict[str, Any]) -> str | None:
        """Why the resource will never get ready, or None."""
        return None

    def shown(self, plan: Plan, description: dict[str, Any] | None) -> bool:
        """True once AWS describes what the plan has made: for a moment it may not."""
        return description is not None or plan.action not in ("create", "replace")

    def advice(self, description: dict[str, Any] | None) -> str:
        """What to do when the resource was not ready in time."""
        return "It may still get there: run again, or raise wait_timeout."

    def required_to_create(self) -> tuple[str, ...]:
        """Parameters that creation needs, beyond those that every run needs."""
        return ()

    def validate(self) -> None:
        """Refuse what the argument specification cannot: called before the first API call."""

    # What the subclasses use

    @property
    def name(self) -> str:
        return str(self.params[self.name_param])

    def client(self, service: str | None = None) -> Any:
        service = service or self.service
        if service not in self._clients:
            self._clients[service] = self.module.client(service)
        return self._clients[service]

    def _patiently(self, function: Callable[..., Any], but: tuple[str, ...] = ()) -> Callable[..., Any]:
        """The function with retries, but for the codes ``but``."""

        def seconds(error: ClientError) -> float:
            if error.response["Error"]["Code"] in but:
                return 0.0
            # What is to be deleted is not new, so an answer that there is no such thing is final.
            return retries.seconds_for(error, codes=self.extra_retry_codes, new=self.step != "delete")

        return retries.patiently(function, seconds=seconds)

    def call(self, operation: str, *, service: str | None = None, **arguments: Any) -> dict[str, Any]:
        """One API call with retries. ``operation`` is boto3's method name."""
        answer: dict[str, Any] = self._patiently(getattr(self.client(service), operation))(**arguments)
        return answer

    def together(self, *reads: Callable[[], Any]) -> list[Any]:
        """What these return, in their order. They are run at once: none waits for another's way to AWS and back.

        For reads that need nothing of one another. Their clients are made here, since that is no work for threads.
        """
        self.client()
        with ThreadPoolExecutor(max(1, len(reads))) as pool:
            return list(pool.map(lambda read: read(), reads))

    def pages(self, operation: str, key: str, *, service: str | None = None, **arguments: Any) -> list[dict[str, Any]]:
        """All items of a paginated call. ``key`` names the list in the answer; ``Outer.Items`` one within it."""
        items: list[dict[str, Any]] = self._patiently(self._read_pages)(operation, key, service, arguments)
        return items

    def _read_pages(
        self, operation: str, key: str, service: str | None, arguments: dict[str, Any]
    ) -> list[dict[str, Any]]:
        *outer, inner = key.split(".")
        items: list[dict[str, Any]] = []
        for page in self.client(service).get_paginator(operation).paginate(**arguments):
            for name in outer:
                page = page.get(name, {})
            items.extend(page.get(inner, []))
        return items

    def declared(self) -> dict[str, Any]:
        """API key -> value, of all that was declared."""
        values = [(p, self.params[p.param]) for p in self.properties if self.params.get(p.param) is not None]
        return {p.api: value if p.verbatim else given(value) for p, value in values}

    def boto3_tags(self) -> list[dict[str, str]]:
        """The declared tags in the form that most create calls take."""
        return ansible_dict_to_boto3_tag_list(self.params.get("tags") or {})

    def tags_to_create(self) -> dict[str, dict[str, str]]:
        """The declared tags for a create call that takes them as a dictionary, which AWS refuses when it is empty."""
        return {"Tags": self.params["tags"]} if self.params.get("tags") else {}

    def call_or_none(
        self, operation: str, *, missing: tuple[str, ...], service: str | None = None, **arguments: Any
    ) -> dict[str, Any] | None:
        """One API call, or None when AWS answers that there is no such thing, with one of the codes ``missing``.

        Those are an answer here, even if they are among ``extra_retry_codes``.
        """
        return self._or_none(missing, getattr(self.client(service), operation), **arguments)

    def pages_or_none(
        self, operation: str, key: str, *, missing: tuple[str, ...], service: str | None = None, **arguments: Any
    ) -> list[dict[str, Any]] | None:
        """All items of a paginated call, or None when AWS answers that what they belong to is not there."""
        return self._or_none(missing, self._read_pages, operation, key, service, arguments)

    def _or_none(self, missing: tuple[str, ...], read: Callable[..., Any], *given: Any, **arguments: Any) -> Any:
        try:
            return self._patiently(read, but=missing)(*given, **arguments)
        except ClientError as error:
            if error.response["Error"]["Code"] in missing:
                return None
            raise

    def hide(self, value: str) -> str:
        """The value of a secret; from now on it is masked in whatever the module returns."""
        self.module.no_log_values.add(value)
        return value

    def fail(self, message: str) -> NoReturn:
        self.module.fail_json(msg=message)

    # The reconciler

    def plan(self, description: dict[str, Any] | None) -> Plan:
        """Compare what was declared with what is there. Makes no write call."""
        if self.params.get("state") == "absent":
            return Plan("delete", before={"state": "present"}, after={"state": "absent"}) if description else Plan()
        if description is None:
            if missing := [param for param in self.required_to_create() if self.params.get(param) is None]:
                self.fail(f"{self.kind} {self.name} does not exist; to create it, give also {', '.join(missing)}.")
            plan = Plan("create", changes=self.declared(), before={"state": "absent"}, after={"state": "present"})
            for prop in self.properties:
                if prop.api in plan.changes:
                    plan.after[prop.param] = MASK if prop.secret else plan.changes[prop.api]
            if self.params.get("tags"):
                plan.after["tags"] = self.params["tags"]
            return plan
        if self.forming(description):
            return Plan()

        plan = Plan()
        declared = self.declared()
        immutable = []
        for prop in self.properties:
            if prop.api not in declared or not prop.compare:
                continue
            present = prop.current(description)
            if prop.holds(declared[prop.api], present):
                continue
            plan.action = "update"
            plan.changes[prop.api] = declared[prop.api]
            plan.before[prop.param] = MASK if prop.secret else prop.comparable(declared[prop.api], present)
            plan.after[prop.param] = MASK if prop.secret else declared[prop.api]
            if not prop.mutable:
                immutable.append(prop.param)
        if immutable and not self.replaceable:
            wanted = ", ".join(f"{key}: {plan.before[key]!r} -> {plan.after[key]!r}" for key in immutable)
            self.fail(
                f"{self.kind} {self.name} exists and AWS cannot change {', '.join(immutable)} in place ({wanted}). "
                "Set the parameter back to the present value, or delete the resource yourself and run again."
            )
        if immutable:
            plan.action = "replace"
        if self.params.get("tags") is not None:
            present_tags = self.current_tags(description)
            plan.tags_to_set, plan.tags_to_remove = compare_aws_tags(
                present_tags, self.params["tags"], purge_tags=self.params.get("purge_tags", True)
            )
            if plan.tags_to_set or plan.tags_to_remove:
                plan.action = "update" if plan.action == "none" else plan.action
                plan.before["tags"] = present_tags
                kept = {k: v for k, v in present_tags.items() if k not in plan.tags_to_remove}
                plan.after["tags"] = {**kept, **plan.tags_to_set}
        return plan

    def apply(self, plan: Plan, description: dict[str, Any] | None) -> None:
        """Carry the plan out."""
        if plan.action in ("delete", "replace") and description is not None:
            if self.delete_waits:
                self.wait_while_busy()
            self.step = "delete"
            self.delete(description)
        if plan.action == "replace":
            self._wait_until(lambda d: d is None, "be gone")
        if plan.action in ("create", "replace"):
            self.step = "create"
            self.create(self.declared())
        elif plan.action == "update" and description is not None:
            self.step = "update"
            if plan.changes:
                self.update(description, plan.changes)
            if plan.tags_to_remove:
                self.remove_tags(description, plan.tags_to_remove)
            if plan.tags_to_set:
                self.set_tags(description, plan.tags_to_set)

    def run(self) -> NoReturn:
        """The whole of a module's main(), after its argument specification."""
        try:
            self._run()
        except (BotoCoreError, ClientError) as error:
            self.module.fail_json_aws(error, msg=f"Cannot {self.step} {self.kind} {self.name}")

    def _run(self) -> NoReturn:
        self.validate()
        description = self.describe()
        absent = self.params.get("state") == "absent"
        if description is not None and self.going(description):
            if not absent and not self.module.check_mode:
                self._wait_until(lambda d: d is None, "be gone before it can be made again")
            if absent and self.params.get("wait") and not self.module.check_mode:
                self._wait_until(lambda d: d is None, "be gone")
            description = None
        plan = self.plan(description)
        busy = description is not None and not absent and self.busy(description)
        if busy and not self.module.check_mode and (plan.changed or self.params.get("wait")):
            # Once AWS is done the resource may be another, so it is compared again.
            description = self.wait_while_busy()
            plan = self.plan(description)
        if plan.changed and not self.module.check_mode:
            self.apply(plan, description)
        if not self.module.check_mode and self.params.get("wait"):
            if absent and plan.changed:
                self._wait_until(lambda d: d is None, "be gone")
            elif not absent and (plan.changed or (description is not None and not self.ready(description))):
                self._wait_until(lambda d: d is not None and self.ready(d), "be available")
        self.step = "read"
        result: dict[str, Any] = {"changed": plan.changed, "action": plan.action}
        if plan.changed:
            result["diff"] = {"before": plan.before, "after": plan.after}
        if not absent:
            if plan.changed and not self.module.check_mode:
                description = self._wait_until_shown(plan)
            result[self.result_key] = self.result(description)
        self.module.exit_json(**result)

    def result(self, description: dict[str, Any] | None) -> dict[str, Any]:
        """What the module returns of the resource; empty where check mode would have created it."""
        if description is None:
            return {}
        shown = camel_dict_to_snake_dict(
            {k: v for k, v in description.items() if k not in ("Tags", "TagList", "ResponseMetadata")},
            ignore_list=[prop.api for prop in self.properties if prop.verbatim],
        )
        if "tags" in self.params:
            shown["tags"] = self.current_tags(description)
        return shown

    def wait_while_busy(self) -> dict[str, Any] | None:
        """Wait until AWS takes changes again."""
        step = self.step
        description = self._wait_until(lambda d: d is not None and not self.busy(d), "take changes")
        self.step = step
        return description

    def _wait_until_shown(self, plan: Plan) -> dict[str, Any] | None:
        deadline = time.monotonic() + self.shown_seconds
        pause = min(0.2, self.poll_seconds)
        while not self.shown(plan, description := self.describe()):
            if time.monotonic() + pause > deadline:
                self.fail(
                    f"{self.kind} {self.name} was made, and AWS does not describe it after {self.shown_seconds:.0f} s. "
                    "Run again: it may be there by then."
                )
            time.sleep(pause)
            pause = min(pause * 2, self.poll_seconds)
        return description

    def _wait_until(self, reached: Callable[[dict[str, Any] | None], bool], goal: str) -> dict[str, Any] | None:
        timeout = self.params.get("wait_timeout") or 900
        deadline = time.monotonic() + timeout
        delay = min(0.2, self.poll_seconds)
        self.step = "wait for"
        while True:
            description = self.describe()
            # One that failed can still be deleted.
            if description is not None and not reached(None) and (why := self.failed(description)):
                self.fail(f"{self.kind} {self.name} failed: {why}")
            if reached(description):
                return description
            if time.monotonic() + delay > deadline:
                waited = f"waited for {self.kind} {self.name} to {goal}"
                self.fail(f"Timed out after {timeout} s: {waited}. {self.advice(description)}")
            time.sleep(delay)
            delay = min(delay * 2, self.poll_seconds)


def main_for(
    resource: type[Resource],
    argument_spec: dict[str, Any],
    *,
    tags: bool = True,
    wait: bool = False,
    required_if: Iterable[Any] = (),
    mutually_exclusive: Iterable[Any] = (),
    required_together: Iterable[Any] = (),
) -> NoReturn:
    """Build the module from its own arguments and the common ones, and run it."""
    spec = {**STATE_ARGUMENT, **argument_spec}
    if tags:
        spec = {**TAG_ARGUMENTS, **spec}
    if wait:
        spec = {**WAIT_ARGUMENTS, **spec}
    module = AnsibleAWSModule(
        argument_spec=spec,
        supports_check_mode=True,
        required_if=list(required_if),
        mutually_exclusive=list(mutually_exclusive),
        required_together=list(required_together),
    )
    resource(module).run()
