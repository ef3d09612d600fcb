"""The closed table of units: codes of UN/ECE Recommendations 20 and 21, and the names that systems of records use.

The table only recognises a unit. It converts nothing: how many pieces a box or a dozen holds, its owner says.
Codes: https://unece.org/trade/uncefact/cl-recommendations.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from pipelines.language import Phrase, say


@dataclass(frozen=True, slots=True)
class Unit:
    """A unit by its code, and the other names it goes by, a blank between them, in any case.

    A measure has a `symbol`, the same in every language; what is counted or packed has `names`, of one and of several.
    """

    code: str
    also: str
    symbol: str = ""
    names: tuple[Phrase, Phrase] | None = None


MEASURES = (
    Unit("KGM", "kg kgs kilo kilos kilogram kilograms kilogramme 公斤 千克", "kg"),
    Unit("GRM", "g gr gram grams gramme 克 公克", "g"),
    Unit("MGM", "milligram milligrams 毫克", "mg"),
    Unit("TNE", "t to ton tons tonne tonnes 吨 噸 公噸 公吨", "t"),
    Unit("STN", "", "ton (US)"),
    Unit("LBR", "lb lbs pound pounds 磅", "lb"),
    Unit("ONZ", "oz ounce ounces 盎司", "oz"),
    Unit("KMT", "km kilometre kilometres kilometer kilometers 公里 千米", "km"),
    Unit("MTR", "m metre metres meter meters 米 公尺", "m"),
    Unit("CMT", "cm centimetre centimetres centimeter centimeters 厘米 公分", "cm"),
    Unit("MMT", "mm millimetre millimetres millimeter millimeters 毫米", "mm"),
    Unit("INH", "in inch inches 英寸 吋", "in"),
    Unit("FOT", "ft foot feet 英尺 呎", "ft"),
    Unit("YRD", "yd yds yard yards 码 碼", "yd"),
    Unit("SMI", "mi mile miles 英里", "mi"),
    Unit("MTK", "m2 m² sqm 平方米 平方公尺", "m²"),
    Unit("CMK", "cm2 cm² 平方厘米", "cm²"),
    Unit("FTK", "ft2 ft² sqft 平方呎 平方英尺", "ft²"),
    Unit("HAR", "ha hectare hectares 公顷 公頃", "ha"),
    Unit("MTQ", "m3 m³ cbm 立方米 立方公尺", "m³"),
    Unit("CMQ", "cm3 cm³ 立方厘米", "cm³"),
    Unit("FTQ", "ft3 ft³ 立方呎 立方英尺", "ft³"),
    Unit("LTR", "l litre litres liter liters 升 公升", "l"),
    Unit("MLT", "ml millilitre millilitres milliliter milliliters 毫升", "ml"),
    Unit("CLT", "cl centilitre centilitres 厘升", "cl"),
    Unit("HLT", "hl hectolitre hectolitres 百升", "hl"),
    Unit("GLL", "gal gallon gallons 加仑 加侖", "gal"),
    Unit("SEC", "s second seconds 秒 detik", "s"),
    Unit("MIN", "minute minutes 分钟 分鐘 menit", "min"),
    Unit("HUR", "h hr hrs std hour hours 小时 小時 jam", "h"),
    Unit("KWH", "kilowatt-hour 千瓦时 千瓦時", "kWh"),
    Unit("MWH", "megawatt-hour 兆瓦时 兆瓦時", "MWh"),
    Unit("KWT", "kw kilowatt kilowatts 千瓦", "kW"),
    Unit("CEL", "°c 摄氏度 攝氏度", "°C"),
    Unit("P1", "% percent pct 百分比", "%"),
)
"""Each is the same whoever names it, and whichever of its names is used."""

_LOOSE = frozenset(["ton", "tons", "gal", "gallon", "gallons", "oz", "ounce", "ounces", "gr", "std"])
"""Of these there are several: tons and gallons of two countries, ounces of gold and of tea, grams and grains."""

COUNTS = (
    Unit("C62", "unit units one", names=(Phrase("unit"), Phrase("units"))),
    Unit("H87", "pc pcs pce piece pieces st stk 件 个 個 只 隻 buah", names=(Phrase("piece"), Phrase("pieces"))),
    Unit("EA", "each nos", names=(Phrase("each"), Phrase("each"))),
    Unit("SET", "sets 套 组 組", names=(Phrase("set"), Phrase("sets"))),
    Unit("XSX", "", names=(Phrase("set"), Phrase("sets"))),
    Unit("PR", "pair pairs paa prs 对 對 双 雙 pasang", names=(Phrase("pair"), Phrase("pairs"))),
    Unit("DZN", "dozen dozens doz dz 打 lusin", names=(Phrase("dozen"), Phrase("dozens"))),
    Unit("GRO", "gross 罗 羅", names=(Phrase("gross"), Phrase("gross"))),
    Unit("CEN", "hundred hundreds 百", names=(Phrase("hundred"), Phrase("hundreds"))),
    Unit("MIL", "thousand thousands 千", names=(Phrase("thousand"), Phrase("thousands"))),
    Unit("DAY", "d tag days 天 日 hari", names=(Phrase("day"), Phrase("days"))),
    Unit("E49", "workday workdays 工作日", names=(Phrase("working day"), Phrase("working days"))),
    Unit("WEE", "wk week weeks 周 週 minggu", names=(Phrase("week"), Phrase("weeks"))),
    Unit("MON", "mo month months 月 bulan", names=(Phrase("month"), Phrase("months"))),
    Unit("ANN", "y yr year years 年 tahun", names=(Phrase("year"), Phrase("years"))),
    Unit("ACT", "activity activities", names=(Phrase("activity"), Phrase("activities"))),
    Unit("AU", "le", names=(Phrase("activity unit"), Phrase("activity units"))),
    Unit("E48", "service 项 項", names=(Phrase("service unit"), Phrase("service units"))),
    Unit("XBX", "bx box boxes 盒 kotak", names=(Phrase("box"), Phrase("boxes"))),
    Unit(
        "XCT", "ct ctn ctns car kar carton cartons 箱 纸箱 紙箱 karton dus", names=(Phrase("carton"), Phrase("cartons"))
    ),
    Unit("XCS", "cs case cases", names=(Phrase("case"), Phrase("cases"))),
    Unit("XCR", "cr crt crate crates ki", names=(Phrase("crate"), Phrase("crates"))),
    Unit(
        "XPX", "px pal plt pallet pallets 托盘 托盤 卡板 栈板 棧板 palet", names=(Phrase("pallet"), Phrase("pallets"))
    ),
    Unit("XPK", "pk pak pkg pack packs package packages 包 paket", names=(Phrase("package"), Phrase("packages"))),
    Unit("XBG", "bg bag bags 袋 kantong", names=(Phrase("bag"), Phrase("bags"))),
    Unit("XSA", "sack sacks karung", names=(Phrase("sack"), Phrase("sacks"))),
    Unit("XBO", "bo bot fl btl bottle bottles 瓶 botol", names=(Phrase("bottle"), Phrase("bottles"))),
    Unit("XCX", "can cans 罐 kaleng", names=(Phrase("can"), Phrase("cans"))),
    Unit("XDR", "dr drum drums 桶", names=(Phrase("drum"), Phrase("drums"))),
    Unit("XRO", "rol roll rolls 卷 gulung", names=(Phrase("roll"), Phrase("rolls"))),
    Unit("XTU", "tube tubes 管", names=(Phrase("tube"), Phrase("tubes"))),
    Unit("XBE", "bundle bundles 捆 ikat", names=(Phrase("bundle"), Phrase("bundles"))),
    Unit("XST", "sheet sheets 张 張 lembar", names=(Phrase("sheet"), Phrase("sheets"))),
    Unit("5B", "batch batches", names=(Phrase("batch"), Phrase("batches"))),
    Unit("XLT", "lot lots 批", names=(Phrase("lot"), Phrase("lots"))),
)
"""What is counted or packed: one name may mean another amount to each owner, so that no two names are taken as one."""

_TABLE = (*MEASURES, *COUNTS)
_CODES = {unit.code: unit for unit in _TABLE}
_NAMES = frozenset(name for unit in _TABLE for name in (unit.code.casefold(), *unit.also.split()))
_MEASURED = {
    name: unit.code for unit in MEASURES for name in (unit.code.casefold(), *unit.also.split()) if name not in _LOOSE
}


def is_known(text: str, own: Mapping[str, str]) -> bool:
    """Tell whether `text` names a unit of the table or one of the `own` units of a configuration."""
    return text in own or text.casefold() in _NAMES


def are_same(one: str, other: str) -> bool:
    """Tell whether two names mean one unit: the same text, or the same measure under two of its names."""
    measure = _measure(one)
    return one == other or (measure is not None and measure == _measure(other))


def _measure(text: str) -> str | None:
    # a letter alone is a symbol as it stands: m is the metre, M is a thousand to some
    return _MEASURED.get(text if len(text) == 1 else text.casefold())


def named(text: str, count: Decimal, own: Mapping[str, str], locale: str) -> str:
    """Return how readers of `locale` know a unit that a code stands for; any other name stays as it is written."""
    if text in own:
        return own[text]
    unit = _CODES.get(text)
    if unit is None:
        return text
    return say(unit.names[count != 1], locale) if unit.names else unit.symbol


def names() -> tuple[str, ...]:
    """Return every code of the table, and every other name that is written in Latin letters."""
    return (*_CODES, *sorted(name for name in _NAMES if name.isascii()))
