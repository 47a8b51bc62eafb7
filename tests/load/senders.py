"""senders.py HOST CA RECIPIENT COUNT MIB: so many large mails at once, each from a network of its own; prints what each
was answered."""
import asyncio
import ssl
import sys

LINE = b"x" * 76 + b"\r\n"
PIECE = LINE * (65536 // len(LINE))


async def say(streams, line):
    reader, writer = streams
    writer.write(line)
    answer = await reader.readline()
    while answer[3:4] == b"-":
        answer = await reader.readline()
    return answer.decode()


async def send(number, host, trust, recipient, size):
    reader, writer = streams = await asyncio.open_connection(host, 25, local_addr=(f"20.1.{40 + number}.1", 0))
    for line in (b"", b"EHLO client.test\r\n", b"STARTTLS\r\n"):
        await say(streams, line)
    await writer.start_tls(trust, server_hostname=host)
    for line in ("EHLO client.test", "MAIL FROM:<carol@mail.test>", f"RCPT TO:<{recipient}>", "DATA"):
        answer = await say(streams, f"{line}\r\n".encode())
        if answer[0] not in "23":
            return answer
    writer.write(f"From: carol@mail.test\r\nTo: {recipient}\r\nSubject: Large\r\nMessage-ID: <{number}@large.test>\r\n"
                 "Date: Sun, 22 Nov 2026 09:00:00 +0000\r\n\r\n".encode())
    for _ in range(size // len(PIECE)):
        writer.write(PIECE)
        await writer.drain()
    answer = await say(streams, b".\r\n")
    writer.close()
    return answer


async def main(host, ca, recipient, count, mib):
    trust = ssl.create_default_context(cafile=ca)
    for answer in await asyncio.gather(*(send(number, host, trust, recipient, int(mib) * 1024 * 1024)
                                         for number in range(int(count)))):
        print(answer.strip())


asyncio.run(main(*sys.argv[1:]))
