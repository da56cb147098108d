"""One-bit pictures: the pixels that preview and printer share."""

from dataclasses import dataclass

from PIL import Image


@dataclass(frozen=True)
class Picture:
    """Rows of packed bits, most significant bit left, 1 is black; each row is padded to whole bytes with 0."""

    width: int
    height: int
    data: bytes

    @property
    def row_bytes(self) -> int:
        """Bytes of a row."""
        return (self.width + 7) // 8

    @classmethod
    def from_image(cls, image: Image.Image) -> "Picture":
        """Take a mode ``1`` or ``L`` picture in which 255 is black ink (a mask)."""
        return cls(image.width, image.height, image.convert("1", dither=Image.Dither.NONE).tobytes())

    def mask(self) -> Image.Image:
        """Return the mode ``1`` mask in which white pixels are the ink."""
        return Image.frombytes("1", (self.width, self.height), self.data)

    def shifted(self, bits: int) -> "Picture":
        """Return the picture with `bits` empty columns put before it."""
        wider = Image.new("1", (self.width + bits, self.height))
        wider.paste(self.mask(), (bits, 0))
        return Picture.from_image(wider)

    def trimmed(self) -> tuple[int, int, "Picture"]:
        """Return the picture without empty edges, after the columns and rows removed at the left and the top."""
        mask = self.mask()
        left, top, right, bottom = mask.getbbox() or (0, 0, 1, 1)
        return left, top, Picture.from_image(mask.crop((left, top, right, bottom)))
