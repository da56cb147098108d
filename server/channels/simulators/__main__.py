"""Run a simulator of each vendor on this machine until the program is ended; the settings for them are printed."""

import sys
import threading

from server.channels.simulators.mail import MailSimulator
from server.channels.simulators.sms import AliyunSimulator, TencentSimulator
from server.channels.simulators.wechat import WeChatSimulator


def main() -> int:
    """Start them, say where they are, and wait."""
    aliyun, tencent, mail = AliyunSimulator(), TencentSimulator(), MailSimulator()
    corp, official = WeChatSimulator(known={"zhangsan", "wmClient"}), WeChatSimulator(known={"oClient"})
    lines = [
        'public_url = "http://127.0.0.1:8443"', "",
        "[[account]]", 'id = "sms"', 'kind = "sms_aliyun"', f'base_url = "{aliyun.start()}"', 'app_id = "key"',
        'secret = "sms"', 'sign_name = "检后通"', "[account.templates.form_invite]", 'code = "SMS_1"',
        'params = ["client", "org", "link"]', "",
        "# Tencent instead of Aliyun: " + tencent.start(), "",
        "[[account]]", 'id = "mail"', 'kind = "smtp"', 'host = "127.0.0.1"', f"port = {mail.start()}",
        'security = "none"', 'sender = "care@hospital.example"', "",
        "[[account]]", 'id = "corp"', 'kind = "wecom"', f'base_url = "{corp.start()}"', f'app_id = "{corp.app_id}"',
        "agent_id = 1000002", 'secret = "wechat"', 'contact_secret = "wechat"', 'callback_token = "token"',
        'callback_aes_key = "aes"', "",
        "[[account]]", 'id = "oa"', 'kind = "official_account"', f'base_url = "{official.start()}"',
        f'app_id = "{official.app_id}"', 'secret = "wechat"', 'callback_token = "token"',
        'callback_aes_key = "aes"', "",
        f"# AFTERCHECK_SECRET_SMS={aliyun.secret} AFTERCHECK_SECRET_WECHAT={corp.secret}",
        f"# AFTERCHECK_SECRET_TOKEN={corp.token} AFTERCHECK_SECRET_AES={corp.aes_key}",
    ]  # fmt: skip
    sys.stdout.write("\n".join(lines) + "\n")
    sys.stdout.flush()
    threading.Event().wait()
    return 0


if __name__ == "__main__":
    sys.exit(main())
