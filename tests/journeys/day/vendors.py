"""The vendors of the demonstration: simulated WeCom, Official Account and SMS on this machine, beside the centre."""

from pathlib import Path

from server.channels.simulators.sms import AliyunSimulator
from server.channels.simulators.wechat import WeChatSimulator

FOLLOWER, FRIEND, STAFF = "oDemoClient", "wmDemoClient", "zheng"
"""The client in the Official Account and in WeCom, and the member of staff they have added there."""
CHANNELS = """\
# 演示用的渠道：下面三个都是本机的模拟服务，不会发到外面。
public_url = "{centre}"

[[account]]
id = "oa"
kind = "official_account"
base_url = "{official}"
app_id = "{app_id}"
secret = "wechat"
callback_token = "token"
callback_aes_key = "aes"
[account.templates.follow_up_contact]
code = "TPL_1"
params = ["client", "link"]

[[account]]
id = "corp"
kind = "wecom"
base_url = "{wecom}"
app_id = "{app_id}"
agent_id = 1000002
secret = "wechat"
contact_secret = "wechat"
callback_token = "token"
callback_aes_key = "aes"

[[account]]
id = "sms"
kind = "sms_aliyun"
base_url = "{sms}"
app_id = "demo"
secret = "sms"
sign_name = "检后通"
[account.templates.follow_up_contact]
code = "SMS_1"
params = ["client", "org", "link"]
"""


class Vendors:
    """The three of them; `start` writes the centre's ``channels.toml`` for them."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.official = WeChatSimulator(known={FOLLOWER})
        self.wecom = WeChatSimulator(known={FRIEND, STAFF})
        self.sms = AliyunSimulator()

    def env(self) -> dict[str, str]:
        """Return the variables in which the centre finds the secrets."""
        return {
            "AFTERCHECK_SECRET_WECHAT": self.official.secret,
            "AFTERCHECK_SECRET_TOKEN": self.official.token,
            "AFTERCHECK_SECRET_AES": self.official.aes_key,
            "AFTERCHECK_SECRET_SMS": self.sms.secret,
        }

    def start(self, centre: str) -> None:
        """Let them listen, and tell the centre where."""
        urls = {"official": self.official.start(), "wecom": self.wecom.start(), "sms": self.sms.start()}
        text = CHANNELS.format(centre=centre, app_id=self.official.app_id, **urls)
        (self.home / "channels.toml").write_text(text, "utf-8")

    def stop(self) -> None:
        for one in (self.official, self.wecom, self.sms):
            one.stop()
