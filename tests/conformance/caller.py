#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A caller that knows nothing of nnrpc but its .proto files: nanomsg's own REQ socket and protobuf.

Usage: caller.py FOLDER

FOLDER has the modules that protoc made of the .proto files. Reads steps as lines of JSON and writes
what came of each as a line of JSON; docs/CONFORMANCE.md has the steps.
"""

import base64
import ctypes
import ctypes.util
import importlib
import json
import random
import sys
import threading
import time
from pathlib import Path

FEATURES = ["frames"]
ANSWER_MS = 45000  # longer than any call of the cases takes
MIB = 1 << 20
RECEIVE_MAX_BYTES = 32 * MIB
UNAVAILABLE = 14


class StepError(Exception):
    """A step that cannot be taken, or was not answered."""


# --- nanomsg --------------------------------------------------------------------------------------


class Nanomsg:
    """The functions of nanomsg, and its constants as it names them itself."""

    def __init__(self):
        path = ctypes.util.find_library("nanomsg") or "libnanomsg.so.5"
        self.functions = ctypes.CDLL(path, use_errno=True)
        self.functions.nn_symbol.restype = ctypes.c_char_p
        self.functions.nn_strerror.restype = ctypes.c_char_p
        self.functions.nn_send.argtypes = [
            ctypes.c_int, ctypes.c_char_p, ctypes.c_size_t, ctypes.c_int]
        self.functions.nn_recv.argtypes = [
            ctypes.c_int, ctypes.POINTER(ctypes.c_void_p), ctypes.c_size_t, ctypes.c_int]
        self.functions.nn_freemsg.argtypes = [ctypes.c_void_p]
        self.constants = dict(self._symbols())
        self.whole_message = ctypes.c_size_t(-1).value  # NN_MSG

    def _symbols(self):
        value = ctypes.c_int()
        index = 0
        while (name := self.functions.nn_symbol(index, ctypes.byref(value))) is not None:
            yield name.decode(), value.value
            index += 1

    def check(self, result, what):
        if result < 0:
            number = self.functions.nn_errno()
            raise StepError(f"{what}: {self.functions.nn_strerror(number).decode()}")
        return result


NANOMSG = Nanomsg()


class Socket:
    """One REQ socket: one message out, one back."""

    def __init__(self, url):
        functions, constants = NANOMSG.functions, NANOMSG.constants
        self.number = NANOMSG.check(
            functions.nn_socket(constants["AF_SP"], constants["NN_REQ"]), "nn_socket")
        self._set("NN_RCVMAXSIZE", RECEIVE_MAX_BYTES)
        NANOMSG.check(functions.nn_connect(self.number, url.encode()), f"nn_connect {url}")

    def _set(self, option, value):
        number = ctypes.c_int(value)
        constants = NANOMSG.constants
        NANOMSG.check(
            NANOMSG.functions.nn_setsockopt(
                self.number, constants["NN_SOL_SOCKET"], constants[option], ctypes.byref(number),
                ctypes.sizeof(number)),
            option)

    def exchange(self, message, wait_ms=ANSWER_MS):
        """The answer, or None when none came in time."""
        functions = NANOMSG.functions
        self._set("NN_RCVTIMEO", wait_ms)
        NANOMSG.check(functions.nn_send(self.number, message, len(message), 0), "nn_send")
        place = ctypes.c_void_p()
        size = functions.nn_recv(self.number, ctypes.byref(place), NANOMSG.whole_message, 0)
        if size < 0 and functions.nn_errno() == NANOMSG.constants["ETIMEDOUT"]:
            return None
        NANOMSG.check(size, "nn_recv")
        try:
            return ctypes.string_at(place, size)
        finally:
            functions.nn_freemsg(place)

    def close(self):
        NANOMSG.functions.nn_close(self.number)


# --- The protocol ---------------------------------------------------------------------------------


class Protocol:
    """The message types: of the frames, and of each method that a .proto file has."""

    def __init__(self, folder):
        from google.protobuf import descriptor_pool, message_factory

        sys.path.insert(0, str(folder))
        for path in sorted(Path(folder).rglob("*_pb2.py")):
            importlib.import_module(".".join(path.relative_to(folder).with_suffix("").parts))
        self.frame = importlib.import_module("nnrpc.v1.frame_pb2")
        self.control = importlib.import_module("nnrpc.v1.control_service_pb2")
        self.pool = descriptor_pool.Default()
        self.factory = message_factory.MessageFactory(self.pool)

    def method(self, name):
        try:
            return self.pool.FindMethodByName(name.replace("/", "."))
        except KeyError:
            return None

    def through(self, descriptor, packed):
        """The same message, unpacked and packed again."""
        return self.factory.GetPrototype(descriptor).FromString(packed).SerializeToString()


def unbase(text):
    return base64.b64decode(text or "")


def base(value):
    return base64.b64encode(value).decode()


class Caller:
    def __init__(self, folder):
        self.protocol = Protocol(folder)
        self.url = None
        self.socket = None
        self.max_reply_bytes = 0
        self.started = {}

    # Frames

    def request(self, step):
        request = self.protocol.frame.Request(
            method=step["method"], timeout_ms=step.get("timeout_ms", 0),
            message=unbase(step.get("request")))
        method = self.protocol.method(step["method"])
        if method is not None and not step.get("raw"):
            request.message = self.protocol.through(method.input_type, request.message)
        for key, value in step.get("metadata", []):
            request.metadata.add(key=key, value=unbase(value))
        return request

    def frame_of(self, step, calls):
        frame = self.protocol.frame.RequestFrame(
            frame_id=int(step.get("frame_id", 0)) or random.getrandbits(64) | 1,
            max_reply_bytes=step.get("max_reply_bytes", self.max_reply_bytes))
        for key, value in step.get("frame_metadata", []):
            frame.metadata.add(key=key, value=unbase(value))
        frame.requests.extend(self.request(call) for call in calls)
        return frame

    def exchange(self, socket, packed, wait_ms=ANSWER_MS):
        answer = socket.exchange(packed, wait_ms)
        if answer is None:
            raise StepError(f"no answer in {wait_ms} ms")
        return self.protocol.frame.ResponseFrame.FromString(answer)

    def answer(self, response, method_name=None):
        status = response.status
        message = response.message
        method = self.protocol.method(method_name) if method_name else None
        if method is not None and status.code == 0:
            message = self.protocol.through(method.output_type, message)
        return {
            "code": status.code,
            "message": status.message,
            "reason": status.error_info.reason,
            "domain": status.error_info.domain,
            "info": dict(status.error_info.metadata),
            "violations": [
                {"field": one.field, "description": one.description, "reason": one.reason}
                for one in status.field_violations],
            "metadata": [[one.key, base(one.value)] for one in response.metadata],
            "response": base(message),
        }

    def call_once(self, socket, step, frame):
        reply = self.exchange(socket, frame.SerializeToString())
        if reply.frame_id != frame.frame_id:
            raise StepError(f"frame {frame.frame_id} was answered as {reply.frame_id}")
        if len(reply.responses) != 1:
            raise StepError(f"one call was answered by {len(reply.responses)} responses")
        return self.answer(reply.responses[0], step["method"])

    def call_until_available(self, socket, step):
        pause = 0.01
        end = time.monotonic() + step.get("timeout_ms", ANSWER_MS) / 1000
        while True:
            answer = self.call_once(socket, step, self.frame_of(step, [step]))
            if answer["code"] != UNAVAILABLE or not step.get("retry") or time.monotonic() > end:
                return answer
            time.sleep(pause)
            pause = min(pause * 2, 0.5)

    # Steps

    def do_features(self, _step):
        return {"features": FEATURES}

    def do_connect(self, step):
        for started in self.started.values():
            started["socket"].close()
        self.started = {}
        if self.socket is not None:
            self.socket.close()
        self.url = step["url"]
        self.max_reply_bytes = step.get("max_reply_bytes", 16 * MIB)
        self.socket = Socket(self.url)
        return {}

    def do_call(self, step):
        return {"answer": self.call_until_available(self.socket, step)}

    def do_frame(self, step):
        frame = self.frame_of(step, step["calls"])
        reply = self.exchange(self.socket, frame.SerializeToString())
        methods = [call["method"] for call in step["calls"]]
        if len(reply.responses) != len(methods):
            raise StepError(f"{len(methods)} calls, {len(reply.responses)} responses")
        return {
            "frame_id": str(reply.frame_id),
            "sent_frame_id": str(frame.frame_id),
            "answers": [
                self.answer(response, method)
                for response, method in zip(reply.responses, methods)],
        }

    def do_send(self, step):
        reply = self.socket.exchange(unbase(step["bytes"]), step.get("wait_ms", ANSWER_MS))
        if reply is None:
            return {"answers": None}
        frame = self.protocol.frame.ResponseFrame.FromString(reply)
        return {
            "frame_id": str(frame.frame_id),
            "answers": [self.answer(response) for response in frame.responses],
        }

    def do_start(self, step):
        started = {"socket": Socket(self.url), "frame": self.frame_of(step, [step])}

        def work():
            try:
                if step.get("retry"):
                    started["answer"] = self.call_until_available(started["socket"], step)
                else:
                    started["answer"] = self.call_once(started["socket"], step, started["frame"])
            except Exception as error:  # told by the step that finishes it
                started["error"] = str(error)

        started["thread"] = threading.Thread(target=work, daemon=True)
        started["thread"].start()
        self.started[step["label"]] = started
        return {}

    def do_finish(self, step):
        started = self.started.pop(step["label"])
        started["thread"].join()
        started["socket"].close()
        if "error" in started:
            raise StepError(started["error"])
        return {"answer": started["answer"]}

    def do_give_up(self, step):
        request = self.protocol.control.CancelCallsRequest()
        request.calls.add(frame_id=self.started[step["label"]]["frame"].frame_id, index=0)
        call = {
            "method": "nnrpc.v1.ControlService/CancelCalls",
            "request": base(request.SerializeToString()),
            "metadata": step.get("metadata", []),
        }
        answer = self.call_once(self.socket, call, self.frame_of(call, [call]))
        if answer["code"] != 0:
            raise StepError(f"CancelCalls: {answer['message']}")
        return {}

    def take(self, step):
        try:
            return getattr(self, f"do_{step['act']}")(step)
        except StepError as error:
            return {"error": str(error)}
        except Exception as error:
            return {"error": f"{type(error).__name__}: {error}"}


def main():
    caller = Caller(sys.argv[1])
    for line in sys.stdin:
        print(json.dumps(caller.take(json.loads(line))), flush=True)


if __name__ == "__main__":
    main()
