#include "data/jpeg_decoder.h"

#include <algorithm>
#include <cmath>
#include <csetjmp>
#include <cstdio>
#include <string_view>
#include <utility>

#include <jpeglib.h>

#include <jerror.h>

#include "base/error.h"
#include "data/channels.h"
#include "data/orientation.h"

namespace pact::data {
namespace {

// Warnings after which all pixels are there.
bool is_harmless(int code) {
  switch (code) {
    case JWRN_ADOBE_XFORM:
    case JWRN_BOGUS_ICC:
    case JWRN_EXTRANEOUS_DATA:
    case JWRN_JFIF_MAJOR:
    case JWRN_TOO_MUCH_DATA:
      return true;
    default:
      return false;
  }
}

// One decompression. The library reports errors by a jump out of itself; `attempt` catches it. No step may
// own anything that a destructor would have to free.
class Decompression {
 public:
  Decompression(const std::string& bytes, const std::string& path) : path_(path) {
    info_.err = jpeg_std_error(&errors_.manager);
    errors_.manager.error_exit = [](j_common_ptr info) { give_up(info); };
    errors_.manager.emit_message = [](j_common_ptr info, int level) {
      if (level < 0 && !is_harmless(info->err->msg_code)) give_up(info);
    };
    attempt([&] {
      jpeg_create_decompress(&info_);
      jpeg_mem_src(&info_, reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size());
      jpeg_save_markers(&info_, kApp1, 0xffff);
      jpeg_read_header(&info_, TRUE);
    });
    orientation_ = find_orientation();
  }
  Decompression(const Decompression&) = delete;
  Decompression& operator=(const Decompression&) = delete;

  jpeg_decompress_struct& info() { return info_; }

  const Orientation& orientation() const { return orientation_; }

  template <typename Step>
  void attempt(const Step& step) {
    if (setjmp(errors_.jump) != 0) fail("{}: is a damaged JPEG file: {}", path_, errors_.message);
    step();
  }

 private:
  static constexpr int kApp1 = JPEG_APP0 + 1;  // the segments with EXIF

  struct Errors {
    jpeg_error_mgr manager;  // first, so that the library's pointer to it points to all
    std::jmp_buf jump;
    char message[JMSG_LENGTH_MAX];
  };

  // A member with a destructor of its own: the constructor above may throw.
  struct Info : jpeg_decompress_struct {
    Info() : jpeg_decompress_struct{} {}
    ~Info() { jpeg_destroy_decompress(this); }
  };

  // What the first EXIF segment says; as stored where there is none. The library forgets it when the pixels
  // are read.
  Orientation find_orientation() const {
    for (const jpeg_marker_struct* marker = info_.marker_list; marker; marker = marker->next) {
      const std::string_view data(reinterpret_cast<const char*>(marker->data), marker->data_length);
      if (marker->marker == kApp1 && data.starts_with("Exif"))
        return orientation_of(orientation_number(data));
    }
    return {};
  }

  static void give_up(j_common_ptr info) {
    auto* errors = reinterpret_cast<Errors*>(info->err);
    info->err->format_message(info, errors->message);
    std::longjmp(errors->jump, 1);
  }

  const std::string& path_;
  Errors errors_{};
  Info info_;
  Orientation orientation_;
};

// A rectangle of whole pixels.
struct Window {
  int left, top, width, height;
};

// Pixels that resampling `region` to `to` may touch, with room for the interpolation of colours at the sides.
Window window_of(const Region& region, const ImageShape& to, int width, int height) {
  constexpr int kMargin = 2;
  const auto bounds = [](double begin, double extent, int outputs, int size, int margin) {
    const double reach = std::max(1.0, extent / outputs);
    const int first = std::clamp(static_cast<int>(std::floor(begin - reach)) - margin, 0, size - 1);
    const int last =
        std::clamp(static_cast<int>(std::ceil(begin + extent + reach)) + margin, first + 1, size);
    return std::pair(first, last - first);
  };
  const auto [left, columns] = bounds(region.left, region.width, to.width, width, kMargin);
  const auto [top, rows] = bounds(region.top, region.height, to.height, height, 0);
  return {left, top, columns, rows};
}

// Four inks to light. Files with Adobe's marker hold them inverted.
Image from_inks(const Image& inks, bool inverted) {
  Image image{{inks.shape.height, inks.shape.width, 3}, {}};
  image.pixels.resize(image.shape.pixels());
  for (size_t i = 0; i < image.pixels.size() / 3; ++i) {
    const auto light = [&](size_t c) {
      return inverted ? unsigned{inks.pixels[4 * i + c]} : 255u - inks.pixels[4 * i + c];
    };
    for (size_t c = 0; c < 3; ++c)
      image.pixels[3 * i + c] = static_cast<uint8_t>((light(c) * light(3) + 127) / 255);
  }
  return image;
}

bool has_inks(const jpeg_decompress_struct& info) {
  return info.jpeg_color_space == JCS_CMYK || info.jpeg_color_space == JCS_YCCK;
}

void start(Decompression& jpeg, int channels, int denominator) {
  jpeg_decompress_struct& info = jpeg.info();
  info.scale_num = 1;
  info.scale_denom = static_cast<unsigned>(denominator);
  info.out_color_space = has_inks(info) ? JCS_CMYK : channels == 1 ? JCS_GRAYSCALE : JCS_RGB;
  jpeg.attempt([&] { jpeg_start_decompress(&info); });
}

// The pixels of `window` after start(), which it moves and widens to whole blocks.
Image read_window(Decompression& jpeg, int channels, Window& window, std::vector<uint8_t> room) {
  jpeg_decompress_struct& info = jpeg.info();
  if (window.width < static_cast<int>(info.output_width)) {
    JDIMENSION left = static_cast<JDIMENSION>(window.left), width = static_cast<JDIMENSION>(window.width);
    jpeg.attempt([&] { jpeg_crop_scanline(&info, &left, &width); });
    window.left = static_cast<int>(left), window.width = static_cast<int>(width);
  }
  Image image{{window.height, static_cast<int>(info.output_width), info.output_components}, std::move(room)};
  image.pixels.resize(image.shape.pixels());
  uint8_t* pixels = image.pixels.data();
  const size_t stride = static_cast<size_t>(info.output_width) * static_cast<size_t>(info.output_components);
  const JDIMENSION top = static_cast<JDIMENSION>(window.top);
  const JDIMENSION bottom = top + static_cast<JDIMENSION>(window.height);
  jpeg.attempt([&] {
    if (top > 0) jpeg_skip_scanlines(&info, top);
    while (info.output_scanline < bottom) {
      JSAMPROW rows[4];
      const JDIMENSION count = std::min<JDIMENSION>(4, bottom - info.output_scanline);
      for (JDIMENSION r = 0; r < count; ++r) rows[r] = pixels + (info.output_scanline - top + r) * stride;
      jpeg_read_scanlines(&info, rows, count);
    }
    if (bottom == info.output_height) jpeg_finish_decompress(&info);
  });
  if (has_inks(info)) image = from_inks(image, info.saw_Adobe_marker != FALSE);
  return with_channels(std::move(image), channels);
}

}  // namespace

bool looks_like_jpeg(const std::string& bytes) { return bytes.starts_with("\xff\xd8\xff"); }

Image decode_jpeg(const std::string& bytes, const std::string& path, int channels) {
  Decompression jpeg(bytes, path);
  const int width = static_cast<int>(jpeg.info().image_width),
            height = static_cast<int>(jpeg.info().image_height);
  check_size(path, static_cast<size_t>(width), static_cast<size_t>(height));
  start(jpeg, channels, 1);
  Window all{0, 0, width, height};
  Image stored = read_window(jpeg, channels, all, {});
  return jpeg.orientation() == Orientation{} ? stored : turned(stored, jpeg.orientation());
}

ImagePart decode_jpeg_part(const std::string& bytes, const std::string& path, const ChooseRegion& choose,
                           const ImageShape& shown_to, std::vector<uint8_t> room) {
  Decompression jpeg(bytes, path);
  const int width = static_cast<int>(jpeg.info().image_width),
            height = static_cast<int>(jpeg.info().image_height);
  check_size(path, static_cast<size_t>(width), static_cast<size_t>(height));
  const Orientation& how = jpeg.orientation();
  // From here on everything is as stored, until the part is turned.
  ImageShape to = shown_to;
  if (how.is_transposed) std::swap(to.height, to.width);
  const Region shown = how.is_transposed ? choose(width, height) : choose(height, width);
  Region region = stored_region(shown, how, {height, width, to.channels});
  int denominator = 8;
  while (denominator > 1 &&
         (region.width < to.width * denominator || region.height < to.height * denominator))
    denominator /= 2;
  start(jpeg, to.channels, denominator);
  // Pixel i of the smaller picture stands for the pixels from i * denominator on.
  region = {region.left / denominator, region.top / denominator, region.width / denominator,
            region.height / denominator};
  Window window = window_of(region, to, static_cast<int>(jpeg.info().output_width),
                            static_cast<int>(jpeg.info().output_height));
  ImagePart part{read_window(jpeg, to.channels, window, std::move(room)), region};
  part.region.left -= window.left;
  part.region.top -= window.top;
  if (how == Orientation{}) return part;
  return {turned(part.image, how), shown_region(part.region, how, part.image.shape)};
}

void check_jpeg(const std::string& bytes, const std::string& path, Thoroughness how) {
  Decompression jpeg(bytes, path);
  check_size(path, jpeg.info().image_width, jpeg.info().image_height);
  if (how == Thoroughness::header) return;
  start(jpeg, 3, 8);
  Window all{0, 0, static_cast<int>(jpeg.info().output_width), static_cast<int>(jpeg.info().output_height)};
  read_window(jpeg, 3, all, {});
}

}  // namespace pact::data
