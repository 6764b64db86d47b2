#include "Image.h"

#include <cerrno>
#include <csetjmp>
#include <cstdio>
#include <cstring>
#include <memory>
#include <new>

// jpeglib.h needs cstdio before it.
#include <jpeglib.h>
#include <png.h>

#include "BarcodeReader.h"

namespace {

// Larger images are refused: a file of a few bytes can promise any size.
constexpr std::uint64_t kMaxPixels = 200'000'000;

using File = std::unique_ptr<std::FILE, int (*)(std::FILE *)>;

bool Fits(std::uint64_t width, std::uint64_t height) {
  return width > 0 && height > 0 && width <= kMaxPixels && height <= kMaxPixels / width;
}

int ReadPng(std::FILE *file, Image *image) {
  png_image png{};
  png.version = PNG_IMAGE_VERSION;
  if (!png_image_begin_read_from_stdio(&png, file)) return DBRERR_IMAGE_READ_FAILED;
  const std::unique_ptr<png_image, void (*)(png_imagep)> freed(&png, png_image_free);
  if (!Fits(png.width, png.height)) return DBRERR_IMAGE_READ_FAILED;
  png.format = PNG_FORMAT_GRAY;
  image->width = static_cast<int>(png.width);
  image->height = static_cast<int>(png.height);
  image->pixels.resize(PNG_IMAGE_SIZE(png));
  const png_color white{255, 255, 255};
  const bool done = png_image_finish_read(&png, &white, image->pixels.data(), 0, nullptr) != 0;
  return done ? DBR_OK : DBRERR_IMAGE_READ_FAILED;
}

// libjpeg reports errors by a function that must not return.
struct JpegErrors {
  jpeg_error_mgr manager; // first, so that libjpeg's pointer is ours too
  std::jmp_buf failed;
};

[[noreturn]] void JpegFailed(j_common_ptr jpeg) {
  std::longjmp(reinterpret_cast<JpegErrors *>(jpeg->err)->failed, 1);
}

void JpegSilent(j_common_ptr) {}

int ReadJpeg(std::FILE *file, Image *image) {
  // Nothing with a destructor may be made between setjmp and longjmp.
  jpeg_decompress_struct jpeg;
  JpegErrors errors;
  jpeg.err = jpeg_std_error(&errors.manager);
  errors.manager.error_exit = JpegFailed;
  errors.manager.output_message = JpegSilent;
  if (setjmp(errors.failed) != 0) {
    jpeg_destroy_decompress(&jpeg);
    return DBRERR_IMAGE_READ_FAILED;
  }
  jpeg_create_decompress(&jpeg);
  jpeg_stdio_src(&jpeg, file);
  jpeg_read_header(&jpeg, TRUE);
  jpeg.out_color_space = JCS_GRAYSCALE;
  jpeg_start_decompress(&jpeg);
  if (!Fits(jpeg.output_width, jpeg.output_height)) {
    jpeg_destroy_decompress(&jpeg);
    return DBRERR_IMAGE_READ_FAILED;
  }
  image->width = static_cast<int>(jpeg.output_width);
  image->height = static_cast<int>(jpeg.output_height);
  image->pixels.resize(std::size_t{jpeg.output_width} * jpeg.output_height);
  while (jpeg.output_scanline < jpeg.output_height) {
    JSAMPROW row = image->pixels.data() + std::size_t{jpeg.output_scanline} * jpeg.output_width;
    jpeg_read_scanlines(&jpeg, &row, 1);
  }
  jpeg_finish_decompress(&jpeg);
  jpeg_destroy_decompress(&jpeg);
  return DBR_OK;
}

} // namespace

int ReadImage(const char *path, Image *image) {
  const File file(std::fopen(path, "rb"), std::fclose);
  if (!file) return DBRERR_FILE_NOT_FOUND;
  unsigned char head[8] = {};
  const std::size_t length = std::fread(head, 1, sizeof head, file.get());
  if (std::ferror(file.get())) return DBRERR_IMAGE_READ_FAILED; // a folder, for example
  std::rewind(file.get());
  if (length == sizeof head && png_sig_cmp(head, 0, sizeof head) == 0) {
    return ReadPng(file.get(), image);
  }
  if (length == sizeof head && std::memcmp(head, "\xFF\xD8\xFF", 3) == 0) {
    return ReadJpeg(file.get(), image);
  }
  return DBRERR_FILETYPE_NOT_SUPPORTED;
}

bool WritePng(const std::string &path, const Image &image) {
  png_image png{};
  png.version = PNG_IMAGE_VERSION;
  png.width = static_cast<png_uint_32>(image.width);
  png.height = static_cast<png_uint_32>(image.height);
  png.format = PNG_FORMAT_GRAY;
  return png_image_write_to_file(&png, path.c_str(), 0, image.pixels.data(), 0, nullptr) != 0;
}
