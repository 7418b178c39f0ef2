# Copyright: (c) 2026, Pixstory platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A small environment with one resource of every kind, built with boto3, and things beside it that belong to nobody."""

from __future__ import annotations

import contextlib
import importlib
import io
import json
from collections.abc import Callable
from typing import Any

from ansible.module_utils.testing import patch_module_args

PROJECT = "pixstory"
ACCOUNT = "123456789012"
IMAGE = "ami-03cf127a"  # one that moto always has
ASSUME = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"},
        ],
    }
)
POLICY = json.dumps(
    {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}]}
)
ClientOf = Callable[..., Any]  # of a service, and if need be a Region


def run_module(name: str, url: str, *, check: bool = False, **args: Any) -> dict[str, Any]:
    """Run a module of the collection that takes a project in this process and give its result."""
    return run_any_module(f"pixstory.platform.{name}", url, check=check, project=PROJECT, **args)


def run_any_module(full_name: str, url: str, /, *, check: bool = False, **args: Any) -> dict[str, Any]:
    """The same for any module, by its full name."""
    namespace, collection, module = full_name.split(".")
    main = importlib.import_module(f"ansible_collections.{namespace}.{collection}.plugins.modules.{module}").main
    connection = {"endpoint_url": url, "region": "ap-south-1", "access_key": "test", "secret_key": "test"}
    output = io.StringIO()
    with (
        patch_module_args({**connection, **args, "_ansible_check_mode": check}),
        contextlib.redirect_stdout(output),
        contextlib.suppress(SystemExit),
    ):
        main()
    return json.loads(output.getvalue().splitlines()[-1])


class Builder:
    """Builds one environment. Every method adds what one role would make."""

    def __init__(self, client: ClientOf, environment: str, cidr: int) -> None:
        self.client = client
        self.environment = environment
        self.prefix = f"{PROJECT}-{environment}-"
        self.path = f"/{PROJECT}/{environment}/"
        self.cidr = cidr  # the second number of its addresses

    def tags(self, name: str, **more: str) -> list[dict[str, str]]:
        tags = {"Project": PROJECT, "Environment": self.environment, "ManagedBy": "ansible", **more}
        return [{"Key": k, "Value": v} for k, v in {**tags, "Name": f"{self.prefix}{name}"}.items()]

    def spec(self, kind: str, name: str, **more: str) -> dict[str, Any]:
        return {"TagSpecifications": [{"ResourceType": kind, "Tags": self.tags(name, **more)}]}

    def build(self) -> Builder:
        self.keys()
        self.identity()
        self.storage()
        self.network()
        self.security_groups()
        self.data()
        self.load_balancing()
        self.compute()
        self.dns()
        self.detection()
        self.firewall()
        self.edge()
        self.account()
        return self

    def account(self) -> None:
        """A trail, a rule, an alarm and a topic; and the recorder, which an account can have once."""
        name, tags = f"{self.prefix}account", self.tags("account")
        self.client("cloudtrail").create_trail(Name=name, S3BucketName=self.bucket, TagsList=tags)
        config = self.client("config")
        if not config.describe_configuration_recorders()["ConfigurationRecorders"]:
            group = {"allSupported": True}
            recorder = {"name": name, "roleARN": f"arn:aws:iam::{ACCOUNT}:role/config", "recordingGroup": group}
            config.put_configuration_recorder(ConfigurationRecorder=recorder, Tags=tags)
            config.put_delivery_channel(DeliveryChannel={"name": name, "s3BucketName": self.bucket})
            config.start_configuration_recorder(ConfigurationRecorderName=name)
        rule = {"ConfigRuleName": name, "Source": {"Owner": "AWS", "SourceIdentifier": "ENCRYPTED_VOLUMES"}}
        config.put_config_rule(ConfigRule=rule, Tags=tags)
        self.client("cloudwatch").put_metric_alarm(
            AlarmName=name,
            Namespace=name,
            MetricName="root-use",
            Statistic="Sum",
            Period=300,
            EvaluationPeriods=1,
            Threshold=1.0,
            ComparisonOperator="GreaterThanOrEqualToThreshold",
            Tags=tags,
        )
        self.client("sns").create_topic(Name=f"{self.prefix}security", Tags=self.tags("security"))

    def keys(self) -> None:
        kms = self.client("kms")
        tags = [{"TagKey": tag["Key"], "TagValue": tag["Value"]} for tag in self.tags("data")]
        self.key = kms.create_key(Tags=tags)["KeyMetadata"]["Arn"]
        kms.create_alias(AliasName=f"alias/{self.prefix}data", TargetKeyId=self.key)

    def identity(self) -> None:
        iam = self.client("iam")
        role = f"{self.prefix}web"
        policy = iam.create_policy(
            PolicyName=f"{self.prefix}read", Path=self.path, PolicyDocument=POLICY, Tags=self.tags("read")
        )["Policy"]["Arn"]
        iam.create_policy_version(PolicyArn=policy, PolicyDocument=POLICY, SetAsDefault=True)
        iam.create_role(RoleName=role, Path=self.path, AssumeRolePolicyDocument=ASSUME, Tags=self.tags("web"))
        iam.attach_role_policy(RoleName=role, PolicyArn=policy)
        iam.put_role_policy(RoleName=role, PolicyName="own", PolicyDocument=POLICY)
        iam.create_instance_profile(InstanceProfileName=role, Path=self.path)
        iam.add_role_to_instance_profile(InstanceProfileName=role, RoleName=role)
        self.role = role
        pattern = json.dumps({"source": ["aws.sts"]})
        self.client("events").put_rule(
            Name=f"{self.prefix}break-glass", EventPattern=pattern, Tags=self.tags("break-glass")
        )
        topic = self.client("sns").create_topic(Name=f"{self.prefix}security", Tags=self.tags("security"))["TopicArn"]
        target = {"Id": "security", "Arn": topic}
        self.client("events").put_targets(Rule=f"{self.prefix}break-glass", Targets=[target])
        user, group = f"{self.prefix}asha", f"{self.prefix}operators"
        iam.create_group(GroupName=group, Path=self.path)
        iam.attach_group_policy(GroupName=group, PolicyArn=policy)
        iam.create_user(UserName=user, Path=self.path, Tags=self.tags("asha"))
        iam.attach_user_policy(UserName=user, PolicyArn=policy)
        iam.add_user_to_group(GroupName=group, UserName=user)
        iam.create_access_key(UserName=user)
        self.client("secretsmanager").create_secret(
            Name=f"/{self.environment}/session-key", SecretString="not to be read", Tags=self.tags("session-key")
        )
        self.client("ssm").put_parameter(
            Name=f"/{self.environment}/web/url", Value="not to be read", Type="String", Tags=self.tags("url")
        )

    def storage(self) -> None:
        s3 = self.client("s3")
        self.bucket = f"{self.prefix}media-{ACCOUNT}"
        s3.create_bucket(Bucket=self.bucket, CreateBucketConfiguration={"LocationConstraint": "ap-south-1"})
        s3.put_bucket_tagging(Bucket=self.bucket, Tagging={"TagSet": self.tags("media")})
        s3.put_bucket_versioning(Bucket=self.bucket, VersioningConfiguration={"Status": "Enabled"})
        for body in (b"one", b"two"):
            s3.put_object(Bucket=self.bucket, Key="a", Body=body)
        s3.delete_object(Bucket=self.bucket, Key="a")
        self.client("logs").create_log_group(logGroupName=f"{self.path}vpc-flow")

    def network(self) -> None:
        ec2 = self.client("ec2")
        vpcs = {}
        for number, name in enumerate(("main", "speech")):
            cidr = f"10.{self.cidr + number}.0.0/16"
            vpcs[name] = ec2.create_vpc(CidrBlock=cidr, **self.spec("vpc", name))["Vpc"]["VpcId"]
        self.vpc = vpcs["main"]
        self.subnets = {}
        for number, (tier, zone) in enumerate(_tiers()):
            subnet = ec2.create_subnet(
                VpcId=self.vpc,
                CidrBlock=f"10.{self.cidr}.{number}.0/24",
                AvailabilityZone=f"ap-south-1{zone}",
                **self.spec("subnet", f"main-{tier}-{zone}", Vpc="main", Tier=tier),
            )
            self.subnets[f"{tier}-{zone}"] = subnet["Subnet"]["SubnetId"]
        gateway = ec2.create_internet_gateway(**self.spec("internet-gateway", "main"))
        gateway_id = gateway["InternetGateway"]["InternetGatewayId"]
        ec2.attach_internet_gateway(InternetGatewayId=gateway_id, VpcId=self.vpc)
        address = ec2.allocate_address(Domain="vpc", **self.spec("elastic-ip", "nat-a"))
        nat = ec2.create_nat_gateway(
            SubnetId=self.subnets["public-a"], AllocationId=address["AllocationId"], **self.spec("natgateway", "a")
        )["NatGateway"]["NatGatewayId"]
        peering = ec2.create_vpc_peering_connection(
            VpcId=self.vpc, PeerVpcId=vpcs["speech"], **self.spec("vpc-peering-connection", "main-speech")
        )["VpcPeeringConnection"]["VpcPeeringConnectionId"]
        ec2.accept_vpc_peering_connection(VpcPeeringConnectionId=peering)
        for name, subnet, target in (
            ("public", "public-a", {"GatewayId": gateway_id}),
            ("app", "app-a", {"NatGatewayId": nat}),
        ):
            table = ec2.create_route_table(VpcId=self.vpc, **self.spec("route-table", name))
            table_id = table["RouteTable"]["RouteTableId"]
            ec2.associate_route_table(RouteTableId=table_id, SubnetId=self.subnets[subnet])
            ec2.create_route(RouteTableId=table_id, DestinationCidrBlock="0.0.0.0/0", **target)
        self.route_table = table_id
        ec2.create_route(
            RouteTableId=table_id,
            DestinationCidrBlock=f"10.{self.cidr + 1}.0.0/16",
            VpcPeeringConnectionId=peering,
        )
        ec2.create_network_acl(VpcId=self.vpc, **self.spec("network-acl", "data"))
        ec2.create_vpc_endpoint(
            VpcId=self.vpc,
            ServiceName="com.amazonaws.ap-south-1.s3",
            RouteTableIds=[table_id],
            **self.spec("vpc-endpoint", "s3"),
        )
        ec2.create_flow_logs(
            ResourceIds=[self.vpc],
            ResourceType="VPC",
            TrafficType="ALL",
            LogGroupName=f"{self.path}vpc-flow",
            DeliverLogsPermissionArn=f"arn:aws:iam::{ACCOUNT}:role{self.path}{self.role}",
            **self.spec("vpc-flow-log", "main"),
        )

    def security_groups(self) -> None:
        """Two groups whose rules name each other."""
        ec2 = self.client("ec2")
        self.groups = {
            name: ec2.create_security_group(
                GroupName=f"{self.prefix}{name}",
                Description=name,
                VpcId=self.vpc,
                **self.spec("security-group", name),
            )["GroupId"]
            for name in ("web", "app")
        }
        for name, peer, port in (("app", "web", 8080), ("web", "app", 9090)):
            self.rule(name, peer, port)

    def rule(self, group: str, peer: str, port: int) -> None:
        permission = {"IpProtocol": "tcp", "FromPort": port, "ToPort": port}
        self.client("ec2").authorize_security_group_ingress(
            GroupId=self.groups[group],
            IpPermissions=[{**permission, "UserIdGroupPairs": [{"GroupId": self.groups[peer]}]}],
        )

    def data(self) -> None:
        rds, cache = self.client("rds"), self.client("elasticache")
        name, subnets = f"{self.prefix}main", [self.subnets["data-a"], self.subnets["data-c"]]
        rds.create_db_subnet_group(
            DBSubnetGroupName=name, DBSubnetGroupDescription="data", SubnetIds=subnets, Tags=self.tags("main")
        )
        rds.create_db_parameter_group(
            DBParameterGroupName=name,
            DBParameterGroupFamily="postgres16",
            Description="data",
            Tags=self.tags("main"),
        )
        rds.create_db_instance(
            DBInstanceIdentifier=name,
            Engine="postgres",
            DBInstanceClass="db.t3.micro",
            AllocatedStorage=20,
            MasterUsername="pixstory",
            MasterUserPassword="not to be read",
            DBSubnetGroupName=name,
            DBParameterGroupName=name,
            DeletionProtection=True,
            StorageEncrypted=True,
            KmsKeyId=self.key,
            Tags=self.tags("main"),
        )
        rds.create_db_snapshot(
            DBInstanceIdentifier=name,
            DBSnapshotIdentifier=f"{self.prefix}main-before-upgrade",
            Tags=self.tags("main-before-upgrade"),
        )
        cache.create_cache_subnet_group(
            CacheSubnetGroupName=name,
            CacheSubnetGroupDescription="cache",
            SubnetIds=subnets,
            Tags=self.tags("main"),
        )
        cache.create_cache_parameter_group(
            CacheParameterGroupName=name,
            CacheParameterGroupFamily="redis7",
            Description="cache",
            Tags=self.tags("main"),
        )
        cache.create_replication_group(
            ReplicationGroupId=name,
            ReplicationGroupDescription="cache",
            Engine="redis",
            CacheNodeType="cache.t3.micro",
            CacheSubnetGroupName=name,
            CacheParameterGroupName=name,
            Tags=self.tags("main"),
        )

    def load_balancing(self) -> None:
        elb = self.client("elbv2")
        balancer = elb.create_load_balancer(
            Name=f"{self.prefix}public",
            Subnets=[self.subnets["app-a"], self.subnets["app-c"]],
            SecurityGroups=[self.groups["web"]],
            Tags=self.tags("public"),
        )["LoadBalancers"][0]
        self.balancer, self.balancer_name = balancer["LoadBalancerArn"], balancer["DNSName"]
        elb.modify_load_balancer_attributes(
            LoadBalancerArn=balancer["LoadBalancerArn"],
            Attributes=[{"Key": "deletion_protection.enabled", "Value": "true"}],
        )
        group = elb.create_target_group(
            Name=f"{self.prefix}web", Protocol="HTTP", Port=80, VpcId=self.vpc, Tags=self.tags("web")
        )["TargetGroups"][0]["TargetGroupArn"]
        forward = [{"Type": "forward", "TargetGroupArn": group}]
        listener = elb.create_listener(
            LoadBalancerArn=balancer["LoadBalancerArn"], Protocol="HTTP", Port=80, DefaultActions=forward
        )["Listeners"][0]["ListenerArn"]
        header = {"HttpHeaderName": "X-Origin-Verify", "Values": ["sent-to-the-origin"]}
        elb.create_rule(
            ListenerArn=listener,
            Priority=1,
            Conditions=[{"Field": "http-header", "HttpHeaderConfig": header}],
            Actions=forward,
        )
        self.client("acm").request_certificate(DomainName=f"{self.environment}.example.com", Tags=self.tags("public"))

    def compute(self) -> None:
        ec2 = self.client("ec2")
        template = ec2.create_launch_template(
            LaunchTemplateName=f"{self.prefix}web",
            LaunchTemplateData={"ImageId": IMAGE, "InstanceType": "t3.micro", "UserData": "bm90IHRvIGJlIHJlYWQ="},
            **self.spec("launch-template", "web", Role="web"),
        )["LaunchTemplate"]["LaunchTemplateId"]
        group = f"{self.prefix}web"
        scaling = self.client("autoscaling")
        scaling.create_auto_scaling_group(
            AutoScalingGroupName=group,
            LaunchTemplate={"LaunchTemplateId": template, "Version": "$Latest"},
            MinSize=1,
            MaxSize=3,
            DesiredCapacity=2,
            VPCZoneIdentifier=self.subnets["app-a"],
            Tags=[
                {**tag, "ResourceId": group, "ResourceType": "auto-scaling-group", "PropagateAtLaunch": True}
                for tag in self.tags("web", Role="web")
            ],
        )
        scaling.put_scaling_policy(
            AutoScalingGroupName=group,
            PolicyName="cpu",
            PolicyType="TargetTrackingScaling",
            TargetTrackingConfiguration={
                "PredefinedMetricSpecification": {"PredefinedMetricType": "ASGAverageCPUUtilization"},
                "TargetValue": 60.0,
            },
        )
        self.instance = ec2.run_instances(
            ImageId=IMAGE,
            MinCount=1,
            MaxCount=1,
            SubnetId=self.subnets["public-a"],
            SecurityGroupIds=[self.groups["web"]],
            DisableApiTermination=True,
            **self.spec("instance", "vpn", Role="vpn"),
        )["Instances"][0]["InstanceId"]
        volume = ec2.create_volume(AvailabilityZone="ap-south-1a", Size=8, **self.spec("volume", "vpn-state"))
        self.volume = volume["VolumeId"]
        ec2.create_snapshot(VolumeId=self.volume, **self.spec("snapshot", "vpn-state"))
        baked = ec2.create_image(InstanceId=self.instance, Name=f"{self.prefix}base")["ImageId"]
        ec2.create_tags(Resources=[baked], Tags=self.tags("base"))

    def dns(self) -> None:
        route53 = self.client("route53")
        domain = f"{self.environment}.example.com"
        zone = route53.create_hosted_zone(
            Name=domain,
            CallerReference=domain,
            VPC={"VPCRegion": "ap-south-1", "VPCId": self.vpc},
            HostedZoneConfig={"PrivateZone": True},
        )["HostedZone"]["Id"].split("/")[-1]
        self.zone = zone
        route53.change_tags_for_resource(ResourceType="hostedzone", ResourceId=zone, AddTags=self.tags("private"))
        record = {
            "Name": f"www.{domain}",
            "Type": "CNAME",
            "TTL": 60,
            "ResourceRecords": [{"Value": self.balancer_name}],
        }
        route53.change_resource_record_sets(
            HostedZoneId=zone, ChangeBatch={"Changes": [{"Action": "CREATE", "ResourceRecordSet": record}]}
        )

    def detection(self) -> None:
        """The detector and the hub are the first environment's: a Region has one of each."""
        guardduty, shield, events = self.client("guardduty"), self.client("shield"), self.client("events")
        if not guardduty.list_detectors()["DetectorIds"]:
            tags = {tag["Key"]: tag["Value"] for tag in self.tags("detection")}
            guardduty.create_detector(Enable=True, Tags=tags)
            self.client("securityhub").enable_security_hub(Tags=tags)
            self.client("securityhub").create_finding_aggregator(RegionLinkingMode="ALL_REGIONS")
        tags = {tag["Key"]: tag["Value"] for tag in self.tags("external")}
        self.client("accessanalyzer").create_analyzer(analyzerName=f"{self.prefix}external", type="ACCOUNT", tags=tags)
        zone = f"arn:aws:route53:::hostedzone/{self.zone}"
        shield.create_protection(Name=f"{self.prefix}public", ResourceArn=zone, Tags=self.tags("public"))
        topic = self.client("sns").create_topic(Name=f"{self.prefix}security", Tags=self.tags("security"))["TopicArn"]
        rule = f"{self.prefix}guardduty"
        events.put_rule(Name=rule, EventPattern='{"source": ["aws.guardduty"]}', Tags=self.tags("guardduty"))
        events.put_targets(Rule=rule, Targets=[{"Id": "security", "Arn": topic}])

    def firewall(self) -> None:
        """Two web ACLs, one of them CloudFront's, each with an IP set and logs. The first has a load balancer."""
        for name, scope, region in (("public", "REGIONAL", "ap-south-1"), ("edge", "CLOUDFRONT", "us-east-1")):
            waf = self.client("wafv2", region)
            blocked = waf.create_ip_set(
                Name=f"{self.prefix}{name}-blocked-ipv4",
                Scope=scope,
                IPAddressVersion="IPV4",
                Addresses=["192.0.2.0/24"],
                Tags=self.tags(f"{name}-blocked-ipv4"),
            )["Summary"]["ARN"]
            visible = {"SampledRequestsEnabled": True, "CloudWatchMetricsEnabled": True, "MetricName": name}
            rule = {
                "Name": "blocked",
                "Priority": 0,
                "Action": {"Block": {}},
                "Statement": {"IPSetReferenceStatement": {"ARN": blocked}},
                "VisibilityConfig": visible,
            }
            web_acl = waf.create_web_acl(
                Name=f"{self.prefix}{name}",
                Scope=scope,
                DefaultAction={"Allow": {}},
                VisibilityConfig=visible,
                Rules=[rule],
                Tags=self.tags(name),
            )["Summary"]["ARN"]
            logs = self.client("logs", region)
            group = f"aws-waf-logs-{self.prefix}{name}"
            tags = {tag["Key"]: tag["Value"] for tag in self.tags(f"waf-{name}")}
            logs.create_log_group(logGroupName=group, tags=tags)
            destination = f"arn:aws:logs:{region}:{ACCOUNT}:log-group:{group}"
            configuration = {"ResourceArn": web_acl, "LogDestinationConfigs": [destination]}
            waf.put_logging_configuration(LoggingConfiguration=configuration)
            if scope == "REGIONAL":
                waf.associate_web_acl(WebACLArn=web_acl, ResourceArn=self.balancer)

    def edge(self) -> None:
        """Only the distribution has tags; of the others the comment says whose they are."""
        cloudfront = self.client("cloudfront")
        forwarded: dict[str, Any] = {
            "HeadersConfig": {"HeaderBehavior": "none"},
            "CookiesConfig": {"CookieBehavior": "none"},
            "QueryStringsConfig": {"QueryStringBehavior": "none"},
        }
        keys = {"EnableAcceptEncodingGzip": True, **forwarded}
        named = {"Name": f"{self.prefix}static", "Comment": self.path, "MinTTL": 0}
        policy = cloudfront.create_cache_policy(
            CachePolicyConfig={**named, "ParametersInCacheKeyAndForwardedToOrigin": keys}
        )["CachePolicy"]["Id"]
        cloudfront.create_origin_request_policy(
            OriginRequestPolicyConfig={"Name": f"{self.prefix}host", "Comment": self.path, **forwarded}
        )
        cloudfront.create_response_headers_policy(
            ResponseHeadersPolicyConfig={"Name": f"{self.prefix}security", "Comment": self.path}
        )
        cloudfront.create_origin_access_control(
            OriginAccessControlConfig={
                "Name": f"{self.prefix}buckets",
                "Description": self.path,
                "SigningProtocol": "sigv4",
                "SigningBehavior": "always",
                "OriginAccessControlOriginType": "s3",
            }
        )
        origin = {
            "Id": "balancer",
            "DomainName": self.balancer_name,
            "CustomHeaders": {
                "Quantity": 1,
                "Items": [{"HeaderName": "X-Origin-Verify", "HeaderValue": "sent-to-the-origin"}],
            },
            "CustomOriginConfig": {"HTTPPort": 80, "HTTPSPort": 443, "OriginProtocolPolicy": "https-only"},
        }
        config = {
            "CallerReference": self.prefix,
            "Comment": f"{self.prefix}public",
            "Enabled": True,
            "Origins": {"Quantity": 1, "Items": [origin]},
            "DefaultCacheBehavior": {
                "TargetOriginId": "balancer",
                "ViewerProtocolPolicy": "https-only",
                "CachePolicyId": policy,
            },
        }
        cloudfront.create_distribution_with_tags(
            DistributionConfigWithTags={"DistributionConfig": config, "Tags": {"Items": self.tags("public")}}
        )


def _tiers() -> list[tuple[str, str]]:
    """Subnets in an order that is not that of their zones."""
    return [(tier, zone) for tier in ("app", "data", "public") for zone in ("c", "a")]


def build_foreign(client: ClientOf, environment: str) -> dict[str, Any]:
    """Things in the same account that are named like the environment's and do not carry its tags."""
    prefix = f"{PROJECT}-{environment}-"
    ec2 = client("ec2")
    vpc = ec2.create_vpc(CidrBlock="192.168.0.0/16")["Vpc"]["VpcId"]
    group = ec2.create_security_group(GroupName=f"{prefix}foreign", Description="foreign", VpcId=vpc)["GroupId"]
    bucket = f"{prefix}foreign-{ACCOUNT}"
    client("s3").create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": "ap-south-1"})
    client("iam").create_role(RoleName=f"{prefix}foreign", AssumeRolePolicyDocument=ASSUME)
    key = client("kms").create_key()["KeyMetadata"]["KeyId"]
    client("kms").create_alias(AliasName=f"alias/{prefix}foreign", TargetKeyId=key)
    client("secretsmanager").create_secret(Name=f"/{environment}/foreign", SecretString="foreign")
    client("ssm").put_parameter(Name=f"/{environment}/foreign", Value="foreign", Type="String")
    client("rds").create_db_parameter_group(
        DBParameterGroupName=f"{prefix}foreign", DBParameterGroupFamily="postgres16", Description="foreign"
    )
    client("route53").create_hosted_zone(Name="foreign.example.com", CallerReference="foreign")
    return {"vpc": vpc, "group": group, "bucket": bucket, "key": key}


def foreign_stands(client: ClientOf, environment: str, foreign: dict[str, Any]) -> list[str]:
    """Which of the foreign things are there."""
    prefix = f"{PROJECT}-{environment}-"
    looks: dict[str, Callable[[], Any]] = {
        "vpc": lambda: client("ec2").describe_vpcs(VpcIds=[foreign["vpc"]])["Vpcs"],
        "group": lambda: client("ec2").describe_security_groups(GroupIds=[foreign["group"]])["SecurityGroups"],
        "bucket": lambda: client("s3").head_bucket(Bucket=foreign["bucket"]),
        "role": lambda: client("iam").get_role(RoleName=f"{prefix}foreign"),
        "key": lambda: client("kms").describe_key(KeyId=foreign["key"])["KeyMetadata"]["KeyState"] == "Enabled",
        "alias": lambda: client("kms").describe_key(KeyId=f"alias/{prefix}foreign"),
        "secret": lambda: client("secretsmanager").get_secret_value(SecretId=f"/{environment}/foreign"),
        "parameter": lambda: client("ssm").get_parameter(Name=f"/{environment}/foreign"),
        "parameter group": lambda: client("rds").describe_db_parameter_groups(DBParameterGroupName=f"{prefix}foreign")[
            "DBParameterGroups"
        ],
        "zone": lambda: [
            zone for zone in client("route53").list_hosted_zones()["HostedZones"] if "foreign" in zone["Name"]
        ],
    }
    return sorted(name for name, look in looks.items() if look())
