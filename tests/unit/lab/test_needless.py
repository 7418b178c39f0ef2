# Copyright: (c) 2026, Pixstory platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Each extension works, and is still needed.

After an upgrade of moto, ``test_is_still_needed`` names what can go.
"""

from __future__ import annotations

import checks
import pytest
from checks import Aws, Proof

from lab.emulator import registry

PROOFS = checks.load()
EACH_PROOF = pytest.mark.parametrize("proof", PROOFS, ids=lambda proof: proof.check.__name__)


@EACH_PROOF
def test_works(proof: Proof, extended: Aws) -> None:
    proof.check(extended)


@EACH_PROOF
def test_is_still_needed(proof: Proof, stock: Aws) -> None:
    try:
        proof.check(stock)
    except Exception:
        return
    pytest.fail(f"needless, stock moto does it: {', '.join(proof.extensions)}")


def test_every_extension_has_a_check_and_every_check_an_extension() -> None:
    registry.discover()
    assert {name for proof in PROOFS for name in proof.extensions} == registry.declared()
