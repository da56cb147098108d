"""The vendors' own worked examples of their signatures."""

import hashlib

from server.channels.signing import aliyun_v1, aliyun_v3, enc, tencent_tc3


def rpc(key, **params):
    common = {
        "Format": "XML", "AccessKeyId": key, "SignatureMethod": "HMAC-SHA1", "SignatureVersion": "1.0",
    }  # fmt: skip
    return {**common, **params}


def test_aliyun_v1_describe_regions():
    params = rpc(
        "testid", Action="DescribeRegions", Version="2014-05-26", Timestamp="2016-02-23T12:46:24Z",
        SignatureNonce="3ee8c1b8-83d3-44af-a94f-4e0ad82fd6cf",
    )  # fmt: skip
    assert aliyun_v1(params, "testsecret") == "OLeaidS1JvxuMvnyHOwuJ+uX5qY="


def test_aliyun_v1_send_sms():
    params = rpc(
        "testId", Action="SendSms", Version="2017-05-25", Timestamp="2017-07-12T02:42:19Z", RegionId="cn-hangzhou",
        SignatureNonce="45e25e9b-0a6f-4070-8c85-2956eda1b466", PhoneNumbers="15300000001",
        SignName="阿里云短信测试专用", TemplateCode="SMS_71390007", TemplateParam='{"customer":"test"}', OutId="123",
    )  # fmt: skip
    assert aliyun_v1(params, "testSecret") == "zJDF+Lrzhj/ThnlvIToysFRq6t4="


def test_aliyun_v3_run_instances():
    headers = {
        "host": "ecs.cn-shanghai.aliyuncs.com", "x-acs-action": "RunInstances", "x-acs-version": "2014-05-26",
        "x-acs-content-sha256": hashlib.sha256(b"").hexdigest(), "x-acs-date": "2023-10-26T10:22:32Z",
        "x-acs-signature-nonce": "3156853299f313e23d1673dc12e1703d",
    }  # fmt: skip
    params = {"ImageId": "win2019_1809_x64_dtc_zh-cn_40G_alibase_20230811.vhd", "RegionId": "cn-shanghai"}
    signature, _, hashed = aliyun_v3("POST", "/", params, headers, b"", "YourAccessKeySecret")
    assert hashed.startswith("7ea06492")
    assert hashed.endswith("b1e259")
    assert signature == "06563a9e1b43f5dfe96b81484da74bceab24a1d853912eee15083a6f0f3283c0"


def test_tencent_tc3_of_the_cvm_example():
    body = rb'{"Limit": 1, "Filters": [{"Values": ["\u672a\u547d\u540d"], "Name": "instance-name"}]}'
    assert (
        hashlib.sha256(body).hexdigest() == "35e9c5b0e3ae67532d3c9f17ead6c90222632e5b1ff7f6e89887f1398934f064"
    )
    headers = {"content-type": "application/json; charset=utf-8", "host": "cvm.tencentcloudapi.com"}
    signature, scope, hashed = tencent_tc3(
        "Gu5t9xGARNpq86cd98joQYCN3*******", "cvm", 1551113065, headers, body
    )
    assert scope == "2019-02-25/cvm/tc3_request"
    assert hashed.startswith("5ffe6a04")
    assert hashed.endswith("18d7031")
    assert signature == "2230eefd229f582d8b1b891af7107b91597240707d778ab3738f756258d7652c"


def test_encoding_is_that_of_rfc_3986():
    assert enc("a b*c~d/+中") == "a%20b%2Ac~d%2F%2B%E4%B8%AD"
