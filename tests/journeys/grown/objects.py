"""The object store: moto's server with one bucket; says a line when it is there. What it holds is in its memory."""

import sys
import threading

import boto3
from moto.server import ThreadedMotoServer


def main():
    address, port = sys.argv[1], int(sys.argv[2])
    ThreadedMotoServer(address, port, verbose=False).start()
    client = boto3.client(
        "s3", endpoint_url=f"http://{address}:{port}", region_name="us-east-1", aws_access_key_id="clinic",
        aws_secret_access_key="clinic",
    )  # fmt: skip
    client.create_bucket(Bucket="aftercheck")
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    threading.Event().wait()


if __name__ == "__main__":
    main()
