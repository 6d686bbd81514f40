"""An ONVIF camera for tests: answers the Probe of WS-Discovery 1.0 (OASIS) in this machine's network."""

from __future__ import annotations

import re
import socket
import threading

GROUP, PORT = "239.255.255.250", 3702
_NAMESPACES = (
    'xmlns:s="http://www.w3.org/2003/05/soap-envelope" '
    'xmlns:a="http://schemas.xmlsoap.org/ws/2004/08/addressing" '
    'xmlns:d="http://schemas.xmlsoap.org/ws/2005/04/discovery" '
    'xmlns:dn="http://www.onvif.org/ver10/network/wsdl"'
)


class OnvifCamera:
    """Answers from a thread, until `close`; `was_asked` once a Probe has come."""

    def __init__(self, address: str, scopes: list[str]) -> None:
        self._address, self._scopes = address, scopes
        self.was_asked = threading.Event()
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._socket.bind(("", PORT))
        self._socket.settimeout(0.2)
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as way:
            way.connect((GROUP, PORT))
            own = way.getsockname()[0]
        member = socket.inet_aton(GROUP) + socket.inet_aton(own)
        self._socket.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, member)
        self._is_over = threading.Event()
        self._thread = threading.Thread(target=self._answer, daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._is_over.set()
        self._thread.join()
        self._socket.close()

    def _answer(self) -> None:
        while not self._is_over.is_set():
            try:
                message, sender = self._socket.recvfrom(65_535)
            except TimeoutError:
                continue
            asked = re.search(r"MessageID[^>]*>\s*([^<\s]+)", message.decode(errors="replace"))
            if asked is not None and b"discovery/Probe<" in message:
                self.was_asked.set()
                self._socket.sendto(self._matches(asked[1]).encode(), sender)

    def _matches(self, asked: str) -> str:
        return (
            f'<?xml version="1.0" encoding="UTF-8"?><s:Envelope {_NAMESPACES}><s:Header>'
            "<a:MessageID>urn:uuid:11111111-2222-3333-4444-555555555555</a:MessageID>"
            f"<a:RelatesTo>{asked}</a:RelatesTo>"
            "<a:To>http://schemas.xmlsoap.org/ws/2004/08/addressing/role/anonymous</a:To>"
            "<a:Action>http://schemas.xmlsoap.org/ws/2005/04/discovery/ProbeMatches</a:Action>"
            '<d:AppSequence InstanceId="1" MessageNumber="1"/></s:Header><s:Body><d:ProbeMatches><d:ProbeMatch>'
            "<a:EndpointReference><a:Address>urn:uuid:99999999-2222-3333-4444-555555555555</a:Address>"
            f"</a:EndpointReference><d:Types>dn:NetworkVideoTransmitter</d:Types>"
            f"<d:Scopes>{' '.join(self._scopes)}</d:Scopes><d:XAddrs>{self._address}</d:XAddrs>"
            "<d:MetadataVersion>1</d:MetadataVersion></d:ProbeMatch></d:ProbeMatches></s:Body></s:Envelope>"
        )
