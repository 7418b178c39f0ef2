# Copyright: (c) 2026, Pixstory platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from checks import Aws, error_code, proves


@proves("elasticache.DescribeEngineDefaultParameters")
def family_lists_its_parameters(aws: Aws) -> None:
    cache = aws.client("elasticache")
    defaults = cache.describe_engine_default_parameters(CacheParameterGroupFamily="valkey8")["EngineDefaults"]
    [timeout] = [one for one in defaults["Parameters"] if one["ParameterName"] == "timeout"]
    assert (timeout["ParameterValue"], timeout["AllowedValues"], timeout["IsModifiable"]) == ("0", "0,20-", True)
    unknown = error_code(cache.describe_engine_default_parameters, CacheParameterGroupFamily="redis1")
    assert unknown == "InvalidParameterValue"
